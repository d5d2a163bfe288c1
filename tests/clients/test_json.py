"""Answers in JSON, for those who ask for it: beside the XML of the same call, read by boto3 with the types of its model."""

import base64
import datetime
import json
import unittest
import urllib.parse

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


class Json(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()
        cls.credentials = sdk.assume_web(cls.site, "IamAdministrator")["Credentials"]
        cls.iam = sdk.iam(cls.site, cls.credentials)

    def ask(self, service, version, action, parameters):
        body = urllib.parse.urlencode({"Action": action, "Version": version, **parameters}).encode()
        headers = sdk.sign(f"{self.site.broker}/", body, self.credentials, service, {**FORM, **ACCEPT})
        reply = sdk.send(f"{self.site.broker}/", body=body, headers=headers)
        self.assertEqual(reply.headers["content-type"], "application/json")
        return reply.status, json.loads(reply.body)

    def test_json_says_what_xml_says(self):
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.iam.create_role(RoleName="json", AssumeRolePolicyDocument=trust, Tags=[{"Key": "a", "Value": "b"}])
        self.addCleanup(self.iam.delete_role, RoleName="json")
        self.iam.create_instance_profile(InstanceProfileName="json")
        self.addCleanup(self.iam.delete_instance_profile, InstanceProfileName="json")
        self.iam.add_role_to_instance_profile(InstanceProfileName="json", RoleName="json")
        self.addCleanup(self.iam.remove_role_from_instance_profile, InstanceProfileName="json", RoleName="json")
        self.iam.generate_credential_report()
        names = {"RoleName": "json"}
        for method, parameters in [
            ("get_role", names),
            ("list_role_tags", names),
            ("list_role_policies", names),
            ("list_roles", {"MaxItems": 2}),
            ("list_instance_profiles_for_role", names),
            ("get_instance_profile", {"InstanceProfileName": "json"}),
            ("list_policies", {"MaxItems": 3}),
            ("get_policy_version", {"PolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess", "VersionId": "v1"}),
            ("list_saml_providers", {}),
            ("list_open_id_connect_providers", {}),
            ("get_account_summary", {}),
            ("get_credential_report", {}),
            ("get_account_authorization_details", {"MaxItems": 5}),
        ]:
            with self.subTest(method):
                model = self.iam.meta.service_model.operation_model(self.iam.meta.method_to_api_mapping[method])
                beside = getattr(self.iam, method)(**parameters)
                beside.pop("ResponseMetadata")
                status, whole = self.ask("iam", "2010-05-08", model.name, parameters)
                self.assertEqual((status, list(whole)), (200, [f"{model.name}Response"]))
                answer = whole[f"{model.name}Response"]
                self.assertTrue(answer["ResponseMetadata"]["RequestId"])
                self.assertEqual(shaped(model.output_shape, answer[f"{model.name}Result"], beside), beside)

    def test_what_has_no_result_says_that_it_was_done(self):
        status, whole = self.ask("iam", "2010-05-08", "DeleteAccountPasswordPolicy", {})
        self.assertEqual((status, whole["Error"]["Code"], whole["Error"]["Type"]), (404, "NoSuchEntity", "Sender"))
        self.assertTrue(whole["RequestId"])
        status, whole = self.ask("iam", "2010-05-08", "UpdateAccountPasswordPolicy", {})
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
        refused = sdk.send(url.replace("X-Amz-Signature=", "X-Amz-Signature=0"), method="GET", headers=ACCEPT)
        self.assertEqual((refused.status, refused.headers["content-type"]), (403, "application/json"))
        self.assertTrue(json.loads(refused.body)["Error"]["Code"])
