"""boto3 against STS as a user with a key of its own: every operation that takes one."""

import json
import unittest
import urllib.request

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


# What the demonstration calls its identity store, the application that speaks for people, and its context provider.
STORE = "arn:aws:identitystore::333333333333:identitystore/d-90670c0ffe"
APPLICATION = "arn:aws:sso::333333333333:application/ssoins-7223c0ffee5c4e1d/apl-7223c0ffee5c4e1d"
CENTER = "arn:aws:iam::aws:contextProvider/IdentityCenter"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


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

    def on_behalf_of(self, reply):
        """Whom the audit trail names for the call that got this reply."""
        flow = reply["ResponseMetadata"]["RequestId"]
        with urllib.request.urlopen(f"{self.site.broker}/inspector/{flow}.json") as trail:
            events = json.load(trail)
        return next(event["on_behalf_of"] for event in events if event["operation"] == "assume role")

    def test_an_application_acts_on_behalf_of_people(self):
        self.user("desk", EVERYTHING)
        key = self.iam.create_access_key(UserName="desk")["AccessKey"]
        oidc, sts = sdk.sso_oidc(self.site, key), sdk.sts(self.site, key)
        trust = json.loads(TRUST)
        trust["Statement"]["Action"] = ["sts:AssumeRole", "sts:SetContext"]
        role = self.iam.create_role(RoleName="people", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        self.addCleanup(self.iam.delete_role, RoleName="people")
        drawer = "arn:aws:s3:::cat-photos/people/${identitystore:UserId}/*"
        own = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": drawer}
        own["Condition"] = {"ArnEquals": {"identitystore:IdentityStoreArn": STORE}}
        self.iam.put_role_policy(
            RoleName="people",
            PolicyName="own",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": own}),
        )
        self.addCleanup(self.iam.delete_role_policy, RoleName="people", PolicyName="own")
        asked = {"RoleArn": role["Arn"], "RoleSessionName": "desk"}
        people = {}
        for name in ("martha", "sam"):
            given = oidc.create_token_with_iam(clientId=APPLICATION, grantType=GRANT, assertion=self.site.token(name))
            self.assertEqual(given["scope"], ["sts:identity_context"])
            context = given["awsAdditionalDetails"]["identityContext"]
            reply = sts.assume_role(**asked, ProvidedContexts=[{"ProviderArn": CENTER, "ContextAssertion": context}])
            self.assertGreater(reply["PackedPolicySize"], 0)
            told = self.on_behalf_of(reply)
            self.assertEqual(told["identity_store_arn"], STORE)
            people[told["user_id"]] = sdk.s3(self.site, reply["Credentials"])
        self.assertEqual(len(people), 2)
        people[None] = sdk.s3(self.site, sts.assume_role(**asked)["Credentials"])
        for whose, s3 in people.items():
            for drawer in filter(None, people):
                note = {"Bucket": "cat-photos", "Key": f"people/{drawer}/note.txt"}
                if whose == drawer:
                    s3.put_object(**note, Body=b"mine")
                    self.assertEqual(s3.get_object(**note)["Body"].read(), b"mine")
                else:
                    with self.assertRaises(s3.exceptions.ClientError) as refused:
                        s3.put_object(**note, Body=b"not mine")
                    self.assertEqual(refused.exception.response["Error"]["Code"], "AccessDenied")

    def test_a_context_that_is_not_what_it_says_is_refused_by_name(self):
        key, sts = self.client()
        made = self.iam.create_role(RoleName="closed", AssumeRolePolicyDocument=TRUST)["Role"]
        self.addCleanup(self.iam.delete_role, RoleName="closed")
        asked = {"RoleArn": made["Arn"], "RoleSessionName": "dora"}
        secret = self.iam.create_access_key(UserName="dora")["AccessKey"]
        oidc = sdk.sso_oidc(self.site, secret)
        token = {"clientId": APPLICATION, "grantType": GRANT, "assertion": self.site.token("martha")}
        context = oidc.create_token_with_iam(**token)["awsAdditionalDetails"]["identityContext"]

        def provide(text, provider=CENTER):
            return {**asked, "ProvidedContexts": [{"ProviderArn": provider, "ContextAssertion": text}]}

        text = f"User: arn:aws:iam::{daypass.PRODUCTION}:user/dora is not authorized to perform: sts:SetContext on resource: {made['Arn']}"
        self.refused(403, "AccessDenied", text, sts.assume_role, **provide(context))
        text = "the signature of the context assertion does not verify; expected one that this service issued, unaltered"
        self.refused(400, "ValidationError", text, sts.assume_role, **provide(context[:-1] + ("A" if context[-1] != "A" else "Q")))
        text = "the token is not a context assertion; expected the type daypass-context+jwt"
        session = sts.get_session_token()["Credentials"]["SessionToken"]
        self.refused(400, "ValidationError", text, sts.assume_role, **provide(session))
        other = "arn:aws:iam::aws:contextProvider/QuickSight"
        text = f"no context provider is configured as {other}; expected {CENTER}"
        self.refused(400, "ValidationError", text, sts.assume_role, **provide(context, other))
        token["assertion"] = self.site.token("otto") + "x"
        with self.assertRaises(oidc.exceptions.InvalidGrantException) as refused:
            oidc.create_token_with_iam(**token)
        self.assertEqual(refused.exception.response["error"], "invalid_grant")
        token["clientId"] = APPLICATION + "0"
        with self.assertRaises(oidc.exceptions.ClientError):
            oidc.create_token_with_iam(**token)

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
