"""boto3 against IAM: what people and infrastructure tools manage, and what they are told when they cannot."""

import json
import unittest
import urllib.request

import boto3

import demo as daypass
import sdk

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def document(effect="Allow", action="s3:GetObject", **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, **more}]}


def permissions(action="s3:GetObject", resource="*"):
    return json.dumps(document(action=action, Resource=resource))


def trust(principal=None, action="sts:AssumeRole"):
    return json.dumps(document(action=action, Principal=principal or {"AWS": f"arn:aws:iam::{daypass.PRODUCTION}:root"}))


class Iam(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()
        cls.credentials = sdk.assume_web(cls.site, "IamAdministrator")["Credentials"]
        cls.iam = sdk.iam(cls.site, cls.credentials)

    def role(self, name, **more):
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=more.pop("trust", trust()), **more)["Role"]
        self.addCleanup(self.forget_role, name)
        return made

    def policy(self, name, text=None, **more):
        made = self.iam.create_policy(PolicyName=name, PolicyDocument=text or permissions(), **more)["Policy"]
        self.addCleanup(self.forget_policy, made["Arn"])
        return made

    def forget_role(self, name):
        try:
            for policy in self.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
                self.iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
            for policy in self.iam.list_role_policies(RoleName=name)["PolicyNames"]:
                self.iam.delete_role_policy(RoleName=name, PolicyName=policy)
            self.iam.delete_role(RoleName=name)
        except self.iam.exceptions.NoSuchEntityException:
            pass

    def forget_policy(self, arn):
        try:
            for version in self.iam.list_policy_versions(PolicyArn=arn)["Versions"]:
                if not version["IsDefaultVersion"]:
                    self.iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
            self.iam.delete_policy(PolicyArn=arn)
        except self.iam.exceptions.NoSuchEntityException:
            pass

    def refused(self, code, message, call, **parameters):
        with self.assertRaises(self.iam.exceptions.ClientError) as refused:
            call(**parameters)
        error = refused.exception.response["Error"]
        self.assertEqual(error["Code"], code, error)
        self.assertIn(message, error["Message"])
        return refused.exception.response["ResponseMetadata"]["HTTPStatusCode"]


class Roles(Iam):
    def test_terraform_creates_reads_and_destroys_a_role(self):
        made = self.role("tf", Path="/app/", Description="made by a tool", Tags=[{"Key": "env", "Value": "prod"}])
        read = self.iam.get_role(RoleName="tf")["Role"]
        self.assertEqual(read["Arn"], f"arn:aws:iam::{daypass.PRODUCTION}:role/app/tf")
        self.assertEqual(read["AssumeRolePolicyDocument"], json.loads(trust()))
        self.assertEqual((read["RoleId"], read["MaxSessionDuration"]), (made["RoleId"], 3600))
        self.assertEqual(read["Tags"], [{"Key": "env", "Value": "prod"}])
        self.assertEqual(self.iam.list_role_policies(RoleName="tf")["PolicyNames"], [])
        self.assertEqual(self.iam.list_attached_role_policies(RoleName="tf")["AttachedPolicies"], [])
        self.iam.attach_role_policy(RoleName="tf", PolicyArn=ADMINISTRATOR)
        self.iam.put_role_policy(RoleName="tf", PolicyName="inline", PolicyDocument=permissions())
        self.assertEqual(
            self.iam.list_attached_role_policies(RoleName="tf")["AttachedPolicies"],
            [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMINISTRATOR}],
        )
        inline = self.iam.get_role_policy(RoleName="tf", PolicyName="inline")
        self.assertEqual(inline["PolicyDocument"], json.loads(permissions()))
        self.iam.tag_role(RoleName="tf", Tags=[{"Key": "owner", "Value": "martha"}])
        self.iam.untag_role(RoleName="tf", TagKeys=["env"])
        self.assertEqual(self.iam.list_role_tags(RoleName="tf")["Tags"], [{"Key": "owner", "Value": "martha"}])
        self.iam.update_role(RoleName="tf", Description="changed", MaxSessionDuration=7200)
        self.iam.update_assume_role_policy(RoleName="tf", PolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
        self.assertEqual(self.iam.list_instance_profiles_for_role(RoleName="tf")["InstanceProfiles"], [])
        status = self.refused("DeleteConflict", "must detach all policies first.", self.iam.delete_role, RoleName="tf")
        self.assertEqual(status, 409)
        self.iam.detach_role_policy(RoleName="tf", PolicyArn=ADMINISTRATOR)
        self.iam.delete_role_policy(RoleName="tf", PolicyName="inline")
        self.iam.delete_role(RoleName="tf")
        status = self.refused(
            "NoSuchEntity", "The role with name tf cannot be found.", self.iam.get_role, RoleName="tf"
        )
        self.assertEqual(status, 404)

    def test_terraform_puts_a_role_into_an_instance_profile(self):
        self.role("tf", trust=trust({"Service": "ec2.amazonaws.com"}))
        made = self.iam.create_instance_profile(InstanceProfileName="tf", Path="/app/")["InstanceProfile"]
        self.assertRegex(made["InstanceProfileId"], r"^AIPA[A-Z2-7]{17}$")
        self.iam.get_waiter("instance_profile_exists").wait(InstanceProfileName="tf")
        self.iam.add_role_to_instance_profile(InstanceProfileName="tf", RoleName="tf")
        read = self.iam.get_instance_profile(InstanceProfileName="tf")["InstanceProfile"]
        self.assertEqual([role["RoleName"] for role in read["Roles"]], ["tf"])
        self.assertEqual((read["Arn"], read["Tags"]), (made["Arn"], []))
        self.refused(
            "DeleteConflict",
            "must remove roles from instance profile first.",
            self.iam.delete_instance_profile,
            InstanceProfileName="tf",
        )
        self.iam.remove_role_from_instance_profile(InstanceProfileName="tf", RoleName="tf")
        self.iam.delete_instance_profile(InstanceProfileName="tf")
        missing = "Instance Profile tf cannot be found."
        self.refused("NoSuchEntity", missing, self.iam.get_instance_profile, InstanceProfileName="tf")

    def test_a_role_made_here_is_assumed_and_does_what_it_is_given(self):
        caller = f"arn:aws:iam::{daypass.PRODUCTION}:role/IamAdministrator"
        self.role("worker", trust=trust({"AWS": caller}))
        self.iam.put_role_policy(RoleName="worker", PolicyName="look", PolicyDocument=permissions("iam:GetRole"))
        sts = sdk.sts(self.site, self.credentials)
        worker = sts.assume_role(RoleArn=daypass.role("worker"), RoleSessionName="work")["Credentials"]
        theirs = sdk.iam(self.site, worker)
        self.assertEqual(theirs.get_role(RoleName="worker")["Role"]["RoleName"], "worker")
        with self.assertRaises(theirs.exceptions.ClientError) as refused:
            theirs.list_roles()
        error = refused.exception.response["Error"]
        self.assertEqual(error["Code"], "AccessDenied")
        self.assertEqual(
            error["Message"],
            f"User: arn:aws:sts::{daypass.PRODUCTION}:assumed-role/worker/work is not authorized to perform: "
            f"iam:ListRoles on resource: arn:aws:iam::{daypass.PRODUCTION}:role/ because no identity-based policy "
            "allows the iam:ListRoles action",
        )

    def test_lists_page_by_themselves(self):
        for number in range(5):
            self.role(f"page-{number}", Path="/paged/")
        pages = self.iam.get_paginator("list_roles").paginate(PathPrefix="/paged/", PaginationConfig={"PageSize": 2})
        names = [[role["RoleName"] for role in page["Roles"]] for page in pages]
        self.assertEqual(names, [["page-0", "page-1"], ["page-2", "page-3"], ["page-4"]])

    def test_a_waiter_sees_that_a_role_exists(self):
        self.role("waited")
        self.iam.get_waiter("role_exists").wait(RoleName="waited", WaiterConfig={"Delay": 1, "MaxAttempts": 1})

    def test_refusals_in_the_words_that_clients_know(self):
        self.role("taken")
        make = self.iam.create_role
        self.refused(
            "EntityAlreadyExists",
            "Role with name Taken already exists.",
            make,
            RoleName="Taken",
            AssumeRolePolicyDocument=trust(),
        )
        nobody = f"arn:aws:iam::{daypass.PRODUCTION}:role/nobody"
        self.refused(
            "MalformedPolicyDocument",
            f'Invalid principal in policy: "AWS":"{nobody}"',
            make,
            RoleName="new",
            AssumeRolePolicyDocument=trust({"AWS": nobody}),
        )
        self.refused(
            "ValidationError",
            "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [\\w+=,.@-]+",
            make,
            RoleName="a b",
            AssumeRolePolicyDocument=trust(),
        )
        self.refused(
            "ValidationError",
            "Member must have value less than or equal to 43200",
            make,
            RoleName="new",
            AssumeRolePolicyDocument=trust(),
            MaxSessionDuration=43201,
        )
        self.refused(
            "LimitExceeded",
            "Cannot exceed quota for ACLSizePerRole: 2048",
            make,
            RoleName="new",
            AssumeRolePolicyDocument=trust({"AWS": [f"{number:012}" for number in range(200)]}),
        )
        self.refused(
            "MalformedPolicyDocument",
            "This policy contains invalid Json",
            make,
            RoleName="new",
            AssumeRolePolicyDocument="{",
        )
        tags = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
        self.refused("InvalidInput", "Duplicate tag keys found.", self.iam.tag_role, RoleName="taken", Tags=tags)
        missing = self.iam.generate_service_last_accessed_details
        self.refused("InvalidAction", "Could not find operation", missing, Arn=daypass.role("taken"))

    def test_documents_are_refused_in_the_words_that_clients_know(self):
        make = self.iam.create_policy
        older = permissions().replace("2012-10-17", "2008-10-17")
        for document, expected in (
            (older, "Policy document must be version 2012-10-17 or greater. line 1, column 13"),
            ("no json", "Syntax errors in policy. line 1, column 1"),
            (permissions().replace("Allow", "allow"), "The policy failed legacy parsing: line 1, column"),
        ):
            with self.subTest(expected):
                self.refused("MalformedPolicyDocument", expected, make, PolicyName="wrong", PolicyDocument=document)
        github = f"arn:aws:iam::{daypass.PRODUCTION}:oidc-provider/token.actions.githubusercontent.com"
        self.refused(
            "MalformedPolicyDocument",
            f"Trust policy with trusted principal {github} must evaluate, using StringEquals, StringLike or "
            "StringEqualsIgnoreCase, token.actions.githubusercontent.com:sub or "
            "token.actions.githubusercontent.com:job_workflow_ref which is not scoped to all.",
            self.iam.create_role,
            RoleName="new",
            AssumeRolePolicyDocument=trust({"Federated": github}, "sts:AssumeRoleWithWebIdentity"),
        )

    def test_what_is_not_there_or_not_the_accounts_own_is_refused(self):
        provider = f"arn:aws:iam::{daypass.PRODUCTION}:oidc-provider/nobody.example.com"
        missing = f"OpenId connect Provider {provider} cannot be found."
        delete = self.iam.delete_open_id_connect_provider
        self.refused("NoSuchEntity", missing, delete, OpenIDConnectProviderArn=provider)
        policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
        outside = "Cannot delete policies outside your own account."
        self.assertEqual(self.refused("AccessDenied", outside, self.iam.delete_policy, PolicyArn=policy), 403)


class Policies(Iam):
    def test_what_there_is_not_is_left_out_or_empty_as_in_the_cloud(self):
        made = self.role("bare")
        self.assertEqual(set(made), {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"})
        read = self.iam.get_role(RoleName="bare")["Role"]
        self.assertEqual(set(read), set(made) | {"MaxSessionDuration", "RoleLastUsed"})
        self.assertEqual(read["RoleLastUsed"], {})
        listed = [role for role in self.iam.list_roles()["Roles"] if role["RoleName"] == "bare"]
        self.assertEqual([set(role) for role in listed], [set(made) | {"MaxSessionDuration"}])
        policy = self.policy("bare")
        self.assertNotIn("Tags", policy)
        self.assertEqual(self.iam.get_policy(PolicyArn=policy["Arn"])["Policy"]["Tags"], [])
        self.assertNotIn("Tags", self.iam.create_user(UserName="bare")["User"])
        self.addCleanup(self.iam.delete_user, UserName="bare")
        self.assertNotIn("Tags", self.iam.get_user(UserName="bare")["User"])

    def test_versions_come_and_go(self):
        arn = self.policy("versions", Description="d", Path="/app/")["Arn"]
        newer = permissions("s3:PutObject")
        second = self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=newer, SetAsDefault=True)["PolicyVersion"]
        self.assertEqual((second["VersionId"], second["IsDefaultVersion"]), ("v2", True))
        read = self.iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
        self.assertEqual(read["Document"], json.loads(newer))
        self.assertEqual(self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"], "v2")
        self.refused(
            "DeleteConflict",
            "Cannot delete the default version of a policy.",
            self.iam.delete_policy_version,
            PolicyArn=arn,
            VersionId="v2",
        )
        self.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
        self.iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
        versions = self.iam.list_policy_versions(PolicyArn=arn)["Versions"]
        self.assertEqual([version["VersionId"] for version in versions], ["v1"])
        for _ in range(4):
            self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=newer)
        self.refused(
            "LimitExceeded",
            "A managed policy can have up to 5 versions.",
            self.iam.create_policy_version,
            PolicyArn=arn,
            PolicyDocument=newer,
        )

    def test_policies_are_attached_to_users_groups_and_roles(self):
        arn = self.policy("everywhere")["Arn"]
        self.role("holder")
        self.iam.create_user(UserName="holder")
        self.addCleanup(self.iam.delete_user, UserName="holder")
        self.iam.create_group(GroupName="holders")
        self.addCleanup(self.iam.delete_group, GroupName="holders")
        self.iam.attach_role_policy(RoleName="holder", PolicyArn=arn)
        self.iam.attach_user_policy(UserName="holder", PolicyArn=arn)
        self.iam.attach_group_policy(GroupName="holders", PolicyArn=arn)
        entities = self.iam.list_entities_for_policy(PolicyArn=arn)
        self.assertEqual([role["RoleName"] for role in entities["PolicyRoles"]], ["holder"])
        self.assertEqual([user["UserName"] for user in entities["PolicyUsers"]], ["holder"])
        self.assertEqual([group["GroupName"] for group in entities["PolicyGroups"]], ["holders"])
        local = self.iam.list_policies(Scope="Local", OnlyAttached=True)["Policies"]
        self.assertEqual([policy["AttachmentCount"] for policy in local if policy["Arn"] == arn], [3])
        self.refused("DeleteConflict", "attached to entities", self.iam.delete_policy, PolicyArn=arn)
        self.iam.detach_user_policy(UserName="holder", PolicyArn=arn)
        self.iam.detach_group_policy(GroupName="holders", PolicyArn=arn)
        missing = f"arn:aws:iam::{daypass.PRODUCTION}:policy/none"
        self.refused(
            "NoSuchEntity",
            f"Policy {missing} does not exist or is not attachable.",
            self.iam.attach_role_policy,
            RoleName="holder",
            PolicyArn=missing,
        )

    def test_a_boundary_holds_a_role(self):
        bound = self.policy("bound", permissions("iam:ListRoles"))["Arn"]
        caller = f"arn:aws:iam::{daypass.PRODUCTION}:role/IamAdministrator"
        role = self.role("bounded", trust=trust({"AWS": caller}), PermissionsBoundary=bound)
        self.assertEqual(role["PermissionsBoundary"]["PermissionsBoundaryArn"], bound)
        self.iam.attach_role_policy(RoleName="bounded", PolicyArn=ADMINISTRATOR)
        sts = sdk.sts(self.site, self.credentials)
        bounded = sdk.iam(
            self.site, sts.assume_role(RoleArn=daypass.role("bounded"), RoleSessionName="b1")["Credentials"]
        )
        self.assertTrue(bounded.list_roles()["Roles"])
        with self.assertRaises(bounded.exceptions.ClientError) as refused:
            bounded.list_users()
        self.assertIn("because no permissions boundary allows", refused.exception.response["Error"]["Message"])
        self.iam.delete_role_permissions_boundary(RoleName="bounded")
        self.assertIn("Users", bounded.list_users())
        self.iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=bound)


class Providers(Iam):
    def test_saml_providers(self):
        with urllib.request.urlopen(f"{self.site.idp}/saml/metadata", timeout=10) as reply:
            metadata = reply.read().decode()
        arn = self.iam.create_saml_provider(Name="acme", SAMLMetadataDocument=metadata)["SAMLProviderArn"]
        self.addCleanup(self.iam.delete_saml_provider, SAMLProviderArn=arn)
        self.assertEqual(self.iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"], metadata)
        self.assertIn(arn, [listed["Arn"] for listed in self.iam.list_saml_providers()["SAMLProviderList"]])
        self.iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=metadata)
        self.refused(
            "EntityAlreadyExists",
            "corp",
            self.iam.create_saml_provider,
            Name="corp",
            SAMLMetadataDocument=metadata,
        )
        self.refused(
            "InvalidInput",
            "Invalid metadata document",
            self.iam.create_saml_provider,
            Name="broken",
            SAMLMetadataDocument="<x/>" * 300,
        )

    def test_oidc_providers(self):
        made = self.iam.create_open_id_connect_provider(
            Url="https://issuer.example/tenant", ClientIDList=["app"], ThumbprintList=["a" * 40]
        )
        arn = made["OpenIDConnectProviderArn"]
        self.addCleanup(self.iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=arn)
        self.assertEqual(arn, f"arn:aws:iam::{daypass.PRODUCTION}:oidc-provider/issuer.example/tenant")
        self.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="more")
        self.iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
        self.iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
        self.iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "k", "Value": "v"}])
        read = self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        self.assertEqual((read["Url"], read["ClientIDList"]), ("issuer.example/tenant", ["more"]))
        self.assertEqual((read["ThumbprintList"], read["Tags"]), (["b" * 40], [{"Key": "k", "Value": "v"}]))
        self.refused(
            "EntityAlreadyExists",
            "already exists",
            self.iam.create_open_id_connect_provider,
            Url="https://issuer.example/tenant",
        )


class Simulation(Iam):
    def test_custom_policies(self):
        reply = self.iam.simulate_custom_policy(
            PolicyInputList=[json.dumps(document(Resource="*"), indent=2)],
            ActionNames=["s3:GetObject", "s3:PutObject"],
            ResourceArns=["arn:aws:s3:::photos/a"],
        )
        got, put = reply["EvaluationResults"]
        self.assertEqual((got["EvalDecision"], put["EvalDecision"]), ("allowed", "implicitDeny"))
        matched = got["MatchedStatements"][0]
        self.assertEqual(matched["SourcePolicyId"], "PolicyInputList.1")
        self.assertEqual(matched["StartPosition"], {"Line": 3, "Column": 17})
        self.assertEqual(matched["EndPosition"]["Line"], 8)
        for result, decision in (got, "allowed"), (put, "implicitDeny"):
            (inner,) = result["ResourceSpecificResults"]
            self.assertEqual(inner["EvalResourceName"], "arn:aws:s3:::photos/a")
            self.assertEqual(inner["EvalResourceDecision"], decision)
            self.assertEqual(inner["MatchedStatements"], result["MatchedStatements"])
            self.assertEqual(result["EvalDecisionDetails"], {})
            self.assertIs(result["OrganizationsDecisionDetail"]["AllowedByOrganizations"], True)

    def test_an_action_on_several_resources(self):
        reply = self.iam.simulate_custom_policy(
            PolicyInputList=[json.dumps(document(Resource="arn:aws:s3:::photos/*"))],
            ActionNames=["s3:GetObject"],
            ResourceArns=["arn:aws:s3:::photos/a", "arn:aws:s3:::letters/a"],
        )
        (result,) = reply["EvaluationResults"]
        self.assertEqual((result["EvalDecision"], result["MatchedStatements"]), ("implicitDeny", []))
        inner = {one["EvalResourceName"]: one for one in result["ResourceSpecificResults"]}
        self.assertEqual(inner["arn:aws:s3:::photos/a"]["EvalResourceDecision"], "allowed")
        self.assertEqual(len(inner["arn:aws:s3:::photos/a"]["MatchedStatements"]), 1)
        self.assertEqual(inner["arn:aws:s3:::letters/a"]["EvalResourceDecision"], "implicitDeny")

    def test_a_trust_policy_decides_who_assumes(self):
        self.role("one")
        self.iam.put_role_policy(RoleName="one", PolicyName="p", PolicyDocument=permissions("sts:AssumeRole"))
        self.role("target", trust=trust({"AWS": daypass.role("one")}))
        self.role("other")
        self.iam.put_role_policy(RoleName="other", PolicyName="p", PolicyDocument=permissions("sts:AssumeRole"))
        for source, decision in (("one", "allowed"), ("other", "implicitDeny")):
            reply = self.iam.simulate_principal_policy(
                PolicySourceArn=daypass.role(source),
                ActionNames=["sts:AssumeRole"],
                ResourceArns=[daypass.role("target")],
            )
            self.assertEqual(reply["EvaluationResults"][0]["EvalDecision"], decision, source)

    def test_context_keys(self):
        text = json.dumps(document(Resource="arn:aws:s3:::${aws:username}/*"))
        self.assertEqual(
            self.iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"], ["aws:username"]
        )


class Account(Iam):
    def test_authorization_details_hold_every_role(self):
        self.role("told")
        self.iam.put_role_policy(RoleName="told", PolicyName="inline", PolicyDocument=permissions())
        pages = self.iam.get_paginator("get_account_authorization_details").paginate(
            Filter=["Role"], PaginationConfig={"PageSize": 3}
        )
        roles = {role["RoleName"]: role for page in pages for role in page["RoleDetailList"]}
        self.assertEqual(roles["told"]["RolePolicyList"][0]["PolicyDocument"], json.loads(permissions()))
        self.assertIn("PhotoReader", roles)

    def test_an_unsigned_call_is_refused(self):
        url = f"{self.site.broker}/?Action=ListRoles&Version=2010-05-08"
        reply = sdk.send(url, "GET")
        self.assertEqual(reply.status, 403, reply.text)
        self.assertIn("https://iam.amazonaws.com/doc/2010-05-08/", reply.text)
        self.assertIn("MissingAuthenticationToken", reply.text)

    def test_any_region_signs(self):
        for region in ("us-east-1", "eu-west-1"):
            keys = {
                "aws_access_key_id": self.credentials["AccessKeyId"],
                "aws_secret_access_key": self.credentials["SecretAccessKey"],
                "aws_session_token": self.credentials["SessionToken"],
            }
            iam = boto3.client("iam", region_name=region, endpoint_url=self.site.broker, **keys)
            self.assertTrue(iam.list_roles()["Roles"])
            iam.close()


if __name__ == "__main__":
    unittest.main()
