"""boto3 against STS as a user with a key of its own: every operation that takes one."""

import json
import unittest

import demo as daypass
import sdk
from test_iam_users import EVERYTHING, Users, code

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": daypass.PRODUCTION},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        },
    }
)


class Signed(Users):
    def client(self, name="dora", policy=EVERYTHING):
        """A user of this name, and its STS client."""
        self.user(name, policy)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], sdk.sts(self.site, key)

    def test_a_user_is_itself_and_so_is_its_session(self):
        _, sts = self.client()
        session = sdk.sts(self.site, sts.get_session_token(DurationSeconds=900)["Credentials"])
        for client in (sts, session):
            self.assertEqual(client.get_caller_identity()["Arn"], f"arn:aws:iam::{daypass.PRODUCTION}:user/dora")
        text = "Cannot call GetSessionToken with session credentials"
        self.refused(403, "AccessDenied", text, session.get_session_token)

    def test_a_second_factor_opens_iam_once(self):
        _, sts = self.client()
        serial, seed, _ = self.device("dora-phone")
        self.iam.enable_mfa_device(
            UserName="dora", SerialNumber=serial, AuthenticationCode1=code(seed, -1), AuthenticationCode2=code(seed)
        )
        bare = sts.get_session_token()["Credentials"]
        with self.assertRaises(self.iam.exceptions.ClientError):
            sdk.iam(self.site, bare).list_users()
        shown = {"SerialNumber": serial, "TokenCode": code(seed, 1)}
        sdk.iam(self.site, sts.get_session_token(**shown)["Credentials"]).list_users()
        text = "MultiFactorAuthentication failed with invalid MFA one time pass code."
        self.refused(403, "AccessDenied", text, sts.get_session_token, **shown)

    def test_a_federated_user_gets_what_both_allow(self):
        _, sts = self.client()
        made = sts.get_federation_token(Name="rosa", Policy=EVERYTHING)
        self.assertEqual(made["FederatedUser"]["FederatedUserId"], f"{daypass.PRODUCTION}:rosa")
        rosa = sdk.sts(self.site, made["Credentials"])
        self.assertTrue(rosa.get_caller_identity()["Arn"].endswith(":federated-user/rosa"))
        self.assertEqual(sts.get_federation_token(Name="rosa")["PackedPolicySize"], 0)

    def test_a_role_is_limited_by_managed_session_policies(self):
        _, sts = self.client()
        made = self.iam.create_role(RoleName="limited", AssumeRolePolicyDocument=TRUST)["Role"]
        self.addCleanup(self.iam.delete_role, RoleName="limited")
        policies = [{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}]
        tags = [{"Key": "team", "Value": "cats"}]
        asked = {"RoleArn": made["Arn"], "RoleSessionName": "dora", "PolicyArns": policies, "Tags": tags}
        reply = sts.assume_role(**asked)
        self.assertGreater(reply["PackedPolicySize"], 0)
        self.assertEqual(reply["AssumedRoleUser"]["AssumedRoleId"], f"{made['RoleId']}:dora")

    def test_keys_tell_their_account_and_denials_what_decided(self):
        key, sts = self.client()
        session = sts.get_session_token()["Credentials"]["AccessKeyId"]
        for known in (key, session):
            self.assertEqual(sts.get_access_key_info(AccessKeyId=known)["Account"], daypass.PRODUCTION)
        _, nosy = self.client("nosy", None)
        with self.assertRaises(self.iam.exceptions.ClientError) as refused:
            nosy.get_access_key_info(AccessKeyId=key)
        encoded = refused.exception.response["Error"]["Message"].rsplit(" ", 1)[1]
        decoded = json.loads(sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
        self.assertEqual((decoded["allowed"], decoded["context"]["action"]), (False, "sts:GetAccessKeyInfo"))
        text = "the encoded message is not one of this service, or was altered"
        code = "InvalidAuthorizationMessageException"
        self.refused(400, code, text, sts.decode_authorization_message, EncodedMessage="A" + encoded)

    def test_nobody_but_the_management_account_takes_root(self):
        _, sts = self.client()
        task = {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}
        target = daypass.PRODUCTION
        text = f"User: arn:aws:iam::{target}:user/dora is not authorized to perform: sts:AssumeRoot on resource: arn:aws:iam::{target}:root"
        self.refused(403, "AccessDenied", text, sts.assume_root, TargetPrincipal=target, TaskPolicyArn=task)

    def test_a_trade_in_token_is_over(self):
        _, sts = self.client()
        text = "The trade-in token is not valid any more."
        self.refused(400, "ExpiredTradeInTokenException", text, sts.get_delegated_access_token, TradeInToken="token")

    def test_no_web_identity_without_the_account_wanting_it(self):
        _, sts = self.client()
        text = "Outbound web identity federation is not enabled for this account."
        asked = {"Audience": ["https://api.example"], "SigningAlgorithm": "ES384"}
        code = "OutboundWebIdentityFederationDisabledException"
        self.refused(403, code, text, sts.get_web_identity_token, **asked)


if __name__ == "__main__":
    unittest.main()
