"""boto3 meets the errors that the STS model has, in the words that AWS was recorded with; and what needs an organisation."""

import base64
import json
import shutil
import subprocess
import time
import unittest

import demo as daypass
import sdk
from test_iam_users import EVERYTHING, Users

PACKAGES = daypass.OUT / "node"
MANAGEMENT = "333333333333"
AUDIT = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"


def trust(*actions, condition=None):
    statement = {"Effect": "Allow", "Principal": {"AWS": daypass.PRODUCTION}, "Action": ["sts:AssumeRole", *actions]}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


class Recorded(Users):
    def setUp(self):
        self.user("mona", EVERYTHING)
        self.key = self.iam.create_access_key(UserName="mona")["AccessKey"]
        self.sts = sdk.sts(self.site, self.key, parameter_validation=False)

    def role(self, name, document):
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
        self.addCleanup(self.iam.delete_role, RoleName=name)
        return made["Arn"]

    def assume(self, arn, sts=None, **more):
        return (sts or self.sts).assume_role(RoleArn=arn, RoleSessionName=more.pop("name", "mona"), **more)

    def test_names_and_numbers_outside_their_limits(self):
        arn = self.role("recorded", trust())
        detected = "1 validation error detected: Value"
        for asked, message in (
            ({"name": "a b"}, f"{detected} 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"),
            ({"DurationSeconds": 43201}, f"{detected} '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"),
            ({"DurationSeconds": 899}, f"{detected} '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"),
        ):  # fmt: skip
            with self.subTest(asked=asked):
                self.refused(400, "ValidationError", message, self.assume, arn=arn, **asked)
        for wrong in ("arn-of-nothing-at-all-here", "role/recorded-and-much-more"):
            self.refused(400, "ValidationError", f"{wrong} is invalid", self.assume, arn=wrong)

    def test_tags(self):
        arn = self.role("recorded", trust("sts:TagSession"))
        tag = {"Key": "team", "Value": "cats"}
        wrong = "InvalidParameterValue"
        text = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        self.refused(400, wrong, text, self.assume, arn=arn, Tags=[tag, {"Key": "TEAM", "Value": "x"}])
        text = "The specified transitive tag key must be included in the requested tags."
        self.refused(400, wrong, text, self.assume, arn=arn, TransitiveTagKeys=["team"])
        first = self.assume(arn, Tags=[tag], TransitiveTagKeys=["team"])["Credentials"]
        self.iam.put_role_policy(RoleName="recorded", PolicyName="own", PolicyDocument=EVERYTHING)
        self.addCleanup(self.iam.delete_role_policy, RoleName="recorded", PolicyName="own")
        chained = sdk.sts(self.site, first)
        text = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
        self.refused(400, wrong, text, self.assume, arn=arn, sts=chained, Tags=[tag])
        text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        self.iam.update_role(RoleName="recorded", MaxSessionDuration=7200)
        self.refused(400, "ValidationError", text, self.assume, arn=arn, sts=chained, DurationSeconds=3601)

    def test_session_policies(self):
        arn = self.role("recorded", trust())
        text = "This policy contains invalid Json: line 1, column 2: expected a key in double quotes, found the end of the document: something is not closed"
        self.refused(400, "MalformedPolicyDocument", text, self.assume, arn=arn, Policy="{")
        large = json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "a" * 2100}}
        )
        with self.assertRaises(self.sts.exceptions.PackedPolicyTooLargeException):
            self.assume(arn, Policy=large)

    def test_policies_and_tags_that_do_not_fit_are_told_how_much_they_take(self):
        arn = self.role("recorded", trust("sts:TagSession"))
        tags = [{"Key": f"T{number}", "Value": "a" * 250} for number in range(1, 10)]
        text = "Packed size of session tags consumes 498% of allotted space."
        self.refused(400, "PackedPolicyTooLarge", text, self.assume, arn=arn, Tags=tags)
        self.iam.put_role_policy(RoleName="recorded", PolicyName="own", PolicyDocument=EVERYTHING)
        self.addCleanup(self.iam.delete_role_policy, RoleName="recorded", PolicyName="own")
        first = self.assume(arn, Tags=tags[:1], TransitiveTagKeys=["T1"])
        second = self.assume(arn, sts=sdk.sts(self.site, first["Credentials"]))
        self.assertEqual((first["PackedPolicySize"], second["PackedPolicySize"]), (56, 56))
        with self.assertRaises(self.sts.exceptions.PackedPolicyTooLargeException) as caught:
            self.assume(arn, Tags=[tags[0], {"Key": "x", "Value": "x" * 190}], Policy=EVERYTHING)
        message = caught.exception.response["Error"]["Message"]
        self.assertRegex(message, r"^Packed policy consumes 1\d\d% of allotted space, please use smaller policy\.$")

    def test_a_token_is_as_long_as_it_says_and_as_was_asked_for(self):
        arn = self.role("recorded", trust())
        for least in (0, 2048, 4096):
            made = self.assume(arn, MinimumSessionTokenSize=least)
            length = len(made["Credentials"]["SessionToken"])
            self.assertEqual(made["SessionTokenSize"], length)
            self.assertGreaterEqual(length, least)
            self.assertTrue(0 < made["SessionTokenUtilization"] <= 100, made["SessionTokenUtilization"])
            sdk.sts(self.site, made["Credentials"]).get_caller_identity()
        text = "1 validation error detected: Value '-5' at 'minimumSessionTokenSize' failed to satisfy constraint: Member must have value greater than or equal to 0"
        self.refused(400, "ValidationError", text, self.assume, arn=arn, MinimumSessionTokenSize=-5)

    def test_an_external_id_and_a_second_factor_are_missed_in_one_sentence(self):
        for name, condition in (
            ("partner", {"StringEquals": {"sts:ExternalId": "42"}}),
            ("careful", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        ):
            arn = self.role(name, trust(condition=condition))
            user = f"arn:aws:iam::{daypass.PRODUCTION}:user/mona"
            text = f"User: {user} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            self.refused(403, "AccessDenied", text, self.assume, arn=arn)
        self.assume(f"arn:aws:iam::{daypass.PRODUCTION}:role/partner", ExternalId="42")

    def test_temporary_credentials_get_no_further_ones_without_a_role(self):
        session = sdk.sts(self.site, self.assume(self.role("recorded", trust()))["Credentials"])
        for operation, asked in (("GetSessionToken", {}), ("GetFederationToken", {"Name": "rosa"})):
            call = session.get_session_token if operation == "GetSessionToken" else session.get_federation_token
            self.refused(403, "AccessDenied", f"Cannot call {operation} with session credentials", call, **asked)

    def test_a_role_made_anew_is_not_the_one_that_was_trusted(self):
        self.role("first", trust())
        self.iam.put_role_policy(RoleName="first", PolicyName="own", PolicyDocument=EVERYTHING)
        arn = f"arn:aws:iam::{daypass.PRODUCTION}:role/first"
        document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}}  # fmt: skip
        second = self.role("second", json.dumps(document))
        old = sdk.sts(self.site, self.assume(arn)["Credentials"])
        self.assume(second, sts=old)
        self.iam.delete_role_policy(RoleName="first", PolicyName="own")
        self.iam.delete_role(RoleName="first")
        self.iam.create_role(RoleName="first", AssumeRolePolicyDocument=trust())
        self.iam.put_role_policy(RoleName="first", PolicyName="own", PolicyDocument=EVERYTHING)
        self.addCleanup(self.iam.delete_role_policy, RoleName="first", PolicyName="own")
        anew = sdk.sts(self.site, self.assume(arn)["Credentials"])
        for caller in (old, anew):
            with self.assertRaises(self.iam.exceptions.ClientError) as refused:
                self.assume(second, sts=caller)
            self.assertIn(refused.exception.response["Error"]["Code"], ("AccessDenied", "InvalidClientTokenId"))
        shown = self.iam.get_role(RoleName="second")["Role"]["AssumeRolePolicyDocument"]["Statement"]["Principal"]
        self.assertTrue(shown["AWS"].startswith("AROA"), "the role it named is gone, and its id is all there is")


class Root(Users):
    def test_the_management_account_takes_root_for_a_task(self):
        role = f"arn:aws:iam::{MANAGEMENT}:role/IamAdministrator"
        asked = {"RoleArn": role, "RoleSessionName": "martha", "WebIdentityToken": self.site.token()}
        sts = sdk.sts(self.site, sdk.sts(self.site).assume_role_with_web_identity(**asked)["Credentials"])
        made = sts.assume_root(TargetPrincipal=daypass.PRODUCTION, TaskPolicyArn={"arn": AUDIT}, DurationSeconds=900)
        root = sdk.sts(self.site, made["Credentials"])
        self.assertEqual(root.get_caller_identity()["Arn"], f"arn:aws:iam::{daypass.PRODUCTION}:root")
        self.assertEqual(sdk.iam(self.site, made["Credentials"]).list_access_keys()["AccessKeyMetadata"], [])
        with self.assertRaises(self.iam.exceptions.ClientError):
            sdk.iam(self.site, made["Credentials"]).list_users()
        other = {"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
        with self.assertRaises(self.iam.exceptions.ClientError):
            sts.assume_root(TargetPrincipal=daypass.PRODUCTION, TaskPolicyArn=other)


@unittest.skipUnless((PACKAGES / "node_modules" / "jose").is_dir(), "no Node.js packages; run scripts/install-clients")
class WebIdentityTokens(Users):
    def setUp(self):
        self.issuer = self.iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
        self.addCleanup(self.iam.disable_outbound_web_identity_federation)
        self.sts = sdk.sts(self.site, sdk.assume_web(self.site, "IamAdministrator")["Credentials"])
        shutil.copy(daypass.ROOT / "tests" / "clients" / "web_identity.mjs", PACKAGES)

    def claims(self, token, audience):
        command = ["node", str(PACKAGES / "web_identity.mjs"), self.issuer, audience]
        done = subprocess.run(command, input=token, capture_output=True, text=True, timeout=30, env=daypass.environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_an_outside_service_verifies_who_calls(self):
        for algorithm in ("RS256", "ES384"):
            made = self.sts.get_web_identity_token(
                Audience=["https://api.example"], SigningAlgorithm=algorithm, Tags=[{"Key": "team", "Value": "cats"}]
            )
            claims = self.claims(made["WebIdentityToken"], "https://api.example")
            self.assertEqual(claims["sub"], f"arn:aws:iam::{daypass.PRODUCTION}:role/IamAdministrator")
            self.assertAlmostEqual(claims["exp"] - time.time(), 300, delta=10)

    def test_no_token_outlives_its_session_or_grows_without_end(self):
        short = sdk.assume_web(self.site, "IamAdministrator", DurationSeconds=900)["Credentials"]
        sts = sdk.sts(self.site, short)
        asked = {"Audience": ["a"], "SigningAlgorithm": "ES384"}
        text = "The requested token duration would extend the session beyond its original expiration time."
        call = sts.get_web_identity_token
        self.refused(403, "SessionDurationEscalationException", text, call, DurationSeconds=3600, **asked)
        tags = [{"Key": f"{number:0100}", "Value": "v" * 256} for number in range(50)]
        with self.assertRaises(sts.exceptions.JWTPayloadSizeExceededException):
            call(Tags=tags, **asked)


class OtherErrors(Users):
    """Errors of the models that come up away from the usual ways."""

    def test_the_keys_of_an_identity_provider_that_does_not_answer(self):
        # A name that is never given to anybody (RFC 6761, 6.4).
        issuer = "https://idp.invalid"
        made = self.iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["daypass"])
        provider = made["OpenIDConnectProviderArn"]
        self.addCleanup(self.iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=provider)
        trusting = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
        document = json.dumps({"Version": "2012-10-17", "Statement": trusting})
        role = self.iam.create_role(RoleName="unreachable", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        self.addCleanup(self.iam.delete_role, RoleName="unreachable")
        token = ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "RS256", "kid": "1"}, {"iss": issuer, "sub": "martha", "aud": "daypass"}, "signature")
        )
        sts = sdk.sts(self.site)
        asked = {"RoleArn": role, "RoleSessionName": "martha", "WebIdentityToken": token}
        with self.assertRaises(sts.exceptions.IDPCommunicationErrorException) as caught:
            sts.assume_role_with_web_identity(**asked)
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)

    def test_a_switch_that_is_as_it_was_asked_to_be(self):
        iam = self.iam
        with self.assertRaises(iam.exceptions.FeatureDisabledException):
            iam.get_outbound_web_identity_federation_info()
        with self.assertRaises(iam.exceptions.FeatureDisabledException):
            iam.disable_outbound_web_identity_federation()
        iam.enable_outbound_web_identity_federation()
        self.addCleanup(iam.disable_outbound_web_identity_federation)
        with self.assertRaises(iam.exceptions.FeatureEnabledException):
            iam.enable_outbound_web_identity_federation()

    def test_a_session_has_no_password_and_what_is_configured_stays(self):
        with self.assertRaises(self.iam.exceptions.InvalidUserTypeException):
            self.iam.change_password(OldPassword="correct-horse", NewPassword="battery-staple")
        with self.assertRaises(self.iam.exceptions.UnmodifiableEntityException):
            self.iam.delete_saml_provider(SAMLProviderArn=daypass.saml_provider())

    def test_no_credential_report_was_made_in_an_account(self):
        role = f"arn:aws:iam::{MANAGEMENT}:role/IamAdministrator"
        asked = {"RoleArn": role, "RoleSessionName": "martha", "WebIdentityToken": self.site.token()}
        iam = sdk.iam(self.site, sdk.sts(self.site).assume_role_with_web_identity(**asked)["Credentials"])
        with self.assertRaises(iam.exceptions.CredentialReportNotPresentException):
            iam.get_credential_report()


if __name__ == "__main__":
    unittest.main()
