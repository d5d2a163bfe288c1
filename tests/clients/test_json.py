"""Answers in JSON, for those who ask for it: beside the XML of the same call, read by boto3 with the types of its model."""

import base64
import datetime
import json
import unittest
import urllib.parse

import botocore.serialize

import demo as daypass
import sdk

ACCEPT = {"accept": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def shaped(shape, value, beside):
    """`value` as boto3 gives it, after holding its type against the model; `beside` is what boto3 read in the XML."""
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{shape.name} has no {unknown}"
        return {name: shaped(shape.members[name], part, beside.get(name)) for name, part in value.items()}
    if shape.type_name == "list":
        return [shaped(shape.member, part, other) for part, other in zip(value, beside, strict=True)]
    if shape.type_name == "map":
        return {key: shaped(shape.value, part, beside.get(key)) for key, part in value.items()}
    types = {"integer": int, "boolean": bool, "timestamp": int, "string": str, "blob": str}
    assert type(value) is types[shape.type_name], f"{shape.name} is {value!r}"
    if shape.type_name == "timestamp":
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    if shape.type_name == "blob":
        return base64.b64decode(value)
    # boto3 reads policy documents for its callers.
    return json.loads(urllib.parse.unquote(value)) if isinstance(beside, dict) else value


def without_use(value):
    """The same without when roles were last used, which each call changes."""
    if isinstance(value, dict):
        return {name: without_use(part) for name, part in value.items() if name != "RoleLastUsed"}
    return [without_use(part) for part in value] if isinstance(value, list) else value


class Json(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()
        cls.credentials = sdk.assume_web(cls.site, "IamAdministrator")["Credentials"]
        cls.iam = sdk.iam(cls.site, cls.credentials)

    def ask(self, method, **parameters):
        """The call of this method of boto3, as the model writes it, with the answer in JSON."""
        model = self.model(method)
        body = botocore.serialize.create_serializer("query").serialize_to_request(parameters, model)["body"]
        body = urllib.parse.urlencode(body).encode()
        headers = sdk.sign(f"{self.site.broker}/", body, self.credentials, "iam", {**FORM, **ACCEPT})
        reply = sdk.send(f"{self.site.broker}/", body=body, headers=headers)
        self.assertEqual(reply.headers["content-type"], "application/json")
        return reply.status, json.loads(reply.body)

    def model(self, method):
        return self.iam.meta.service_model.operation_model(self.iam.meta.method_to_api_mapping[method])

    def furnish(self):
        """One of everything, called `json`."""
        service = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        trust, policy = (json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (service, statement))
        tags = [{"Key": "a", "Value": "b"}]
        iam, later = self.iam, self.addCleanup
        iam.create_role(RoleName="json", AssumeRolePolicyDocument=trust, Tags=tags)
        later(iam.delete_role, RoleName="json")
        iam.put_role_policy(RoleName="json", PolicyName="json", PolicyDocument=policy)
        later(iam.delete_role_policy, RoleName="json", PolicyName="json")
        iam.create_instance_profile(InstanceProfileName="json")
        later(iam.delete_instance_profile, InstanceProfileName="json")
        iam.add_role_to_instance_profile(InstanceProfileName="json", RoleName="json")
        later(iam.remove_role_from_instance_profile, InstanceProfileName="json", RoleName="json")
        iam.create_user(UserName="json", Tags=tags)
        later(iam.delete_user, UserName="json")
        key = iam.create_access_key(UserName="json")["AccessKey"]["AccessKeyId"]
        later(iam.delete_access_key, UserName="json", AccessKeyId=key)
        iam.create_group(GroupName="json")
        later(iam.delete_group, GroupName="json")
        iam.add_user_to_group(GroupName="json", UserName="json")
        later(iam.remove_user_from_group, GroupName="json", UserName="json")
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="json")["VirtualMFADevice"]["SerialNumber"]
        later(iam.delete_virtual_mfa_device, SerialNumber=device)
        iam.update_account_password_policy(MinimumPasswordLength=10, MaxPasswordAge=90, PasswordReusePrevention=3)
        later(iam.delete_account_password_policy)
        iam.generate_credential_report()
        return {"AccessKeyId": key}, policy

    def test_json_says_what_xml_says(self):
        key, policy = self.furnish()
        role, user, group = {"RoleName": "json"}, {"UserName": "json"}, {"GroupName": "json"}
        managed = {"PolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess"}
        saml = {"SAMLProviderArn": daypass.saml_provider()}
        oidc = self.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]
        simulated = {"ActionNames": ["s3:GetObject", "iam:GetUser"], "PolicyInputList": [policy]}
        for method, parameters in [
            ("get_role", role),
            ("get_role_policy", {**role, "PolicyName": "json"}),
            ("list_role_tags", role),
            ("list_role_policies", role),
            ("list_roles", {"MaxItems": 2}),
            ("list_instance_profiles_for_role", role),
            ("get_instance_profile", {"InstanceProfileName": "json"}),
            ("get_user", user),
            ("list_users", {}),
            ("list_access_keys", user),
            ("get_access_key_last_used", key),
            ("get_group", group),
            ("list_virtual_mfa_devices", {}),
            ("list_policies", {"MaxItems": 3}),
            ("get_policy", managed),
            ("list_entities_for_policy", managed),
            ("list_policy_versions", managed),
            ("get_policy_version", {**managed, "VersionId": "v1"}),
            ("simulate_custom_policy", simulated),
            ("simulate_custom_policy", {**simulated, "PermissionsBoundaryPolicyInputList": [policy]}),
            ("simulate_custom_policy", {**simulated, "ResourceArns": ["arn:aws:s3:::a/1", "arn:aws:s3:::b/1"]}),
            ("list_policies_granting_service_access", {"Arn": daypass.role("json"), "ServiceNamespaces": ["s3", "sqs"]}),
            ("list_delegation_requests", {}),
            ("get_account_properties", {}),
            ("get_context_keys_for_custom_policy", {"PolicyInputList": [policy]}),
            ("list_saml_providers", {}),
            ("get_saml_provider", saml),
            ("list_open_id_connect_providers", {}),
            ("get_open_id_connect_provider", {"OpenIDConnectProviderArn": oidc}),
            ("get_account_summary", {}),
            ("get_account_password_policy", {}),
            ("get_credential_report", {}),
            ("get_account_authorization_details", {}),
        ]:
            with self.subTest(method):
                model = self.model(method)
                beside = getattr(self.iam, method)(**parameters)
                beside.pop("ResponseMetadata")
                status, whole = self.ask(method, **parameters)
                self.assertEqual((status, list(whole)), (200, [f"{model.name}Response"]))
                answer = whole[f"{model.name}Response"]
                self.assertTrue(answer["ResponseMetadata"]["RequestId"])
                said = shaped(model.output_shape, answer[f"{model.name}Result"], beside)
                self.assertEqual(without_use(said), without_use(beside))

    def test_what_has_no_result_says_that_it_was_done(self):
        status, whole = self.ask("delete_account_password_policy")
        self.assertEqual((status, whole["Error"]["Code"], whole["Error"]["Type"]), (404, "NoSuchEntity", "Sender"))
        self.assertTrue(whole["RequestId"])
        status, whole = self.ask("update_account_password_policy")
        self.addCleanup(self.iam.delete_account_password_policy)
        self.assertEqual((status, list(whole["UpdateAccountPasswordPolicyResponse"])), (200, ["ResponseMetadata"]))

    def test_credentials_expire_at_a_number_of_seconds(self):
        role, token = daypass.role("PhotoReader"), self.site.token()
        asked = {"RoleArn": role, "RoleSessionName": "martha", "WebIdentityToken": token}
        body = sdk.form("AssumeRoleWithWebIdentity", **asked)
        reply = sdk.send(f"{self.site.broker}/", body=body, headers={**FORM, **ACCEPT})
        answer = json.loads(reply.body)["AssumeRoleWithWebIdentityResponse"]["AssumeRoleWithWebIdentityResult"]
        credentials = {**answer["Credentials"]}
        self.assertAlmostEqual(credentials["Expiration"] - sdk.now().timestamp(), 3600, delta=60)
        who = sdk.sts(self.site, credentials).get_caller_identity()
        self.assertEqual(who["Arn"], answer["AssumedRoleUser"]["Arn"])

    def test_a_verifier_reads_a_presigned_identity(self):
        """What Teleport, aws-iam-authenticator and scanners for leaked keys do with a URL that a stranger gave them."""
        presign = sdk.sts(self.site, self.credentials).generate_presigned_url
        # POST is what boto3 presigns for when nobody says.
        for method in ("POST", "GET"):
            url = presign("get_caller_identity", ExpiresIn=60, HttpMethod=method)
            reply = sdk.send(url, method=method, headers=ACCEPT)
            result = json.loads(reply.body)["GetCallerIdentityResponse"]["GetCallerIdentityResult"]
            self.assertEqual(result["Account"], daypass.PRODUCTION)
            self.assertIn(":assumed-role/IamAdministrator/", result["Arn"])
        forged = url[:-1] + ("0" if url[-1] != "0" else "1")
        refused = sdk.send(forged, method="GET", headers=ACCEPT)
        self.assertEqual((refused.status, refused.headers["content-type"]), (403, "application/json"))
        self.assertTrue(json.loads(refused.body)["Error"]["Code"])
