"""boto3 against the broker: the flow as it should go."""

import base64
import datetime
import hashlib
import json
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import boto3

import demo as daypass
import sdk


class Sts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()
        cls.web = sdk.assume_web(cls.site)
        cls.saml = sdk.assume_saml(cls.site)

    def who(self, credentials):
        return sdk.sts(self.site, credentials).get_caller_identity()


class WebIdentity(Sts):
    def test_reply_names_the_person_the_provider_and_the_audience(self):
        self.assertEqual(self.web["SubjectFromWebIdentityToken"], "martha")
        self.assertEqual(self.web["Provider"], self.site.idp)
        self.assertEqual(self.web["Audience"], "sts.daypass.example")
        self.assertEqual(
            self.web["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{daypass.PRODUCTION}:assumed-role/PhotoReader/martha"
        )
        self.assertRegex(self.web["AssumedRoleUser"]["AssumedRoleId"], r"^AROA[A-Z0-9]{16,17}:martha$")

    def test_credentials_look_like_session_credentials(self):
        credentials = self.web["Credentials"]
        self.assertRegex(credentials["AccessKeyId"], r"^ASIA[A-Z2-7]{16}$")
        self.assertRegex(credentials["SecretAccessKey"], r"^[A-Za-z0-9+/]{40}$")
        self.assertLess(len(credentials["SessionToken"]), 4096)

    def test_an_hour_unless_said_otherwise(self):
        left = self.web["Credentials"]["Expiration"] - sdk.now()
        self.assertAlmostEqual(left.total_seconds(), 3600, delta=60)
        short = sdk.assume_web(self.site, DurationSeconds=900)["Credentials"]["Expiration"] - sdk.now()
        self.assertAlmostEqual(short.total_seconds(), 900, delta=60)

    def test_one_token_serves_for_several_roles(self):
        token = self.site.token()
        for name in ("PhotoReader", "PhotoEditor", "PhotoReader"):
            self.assertIn(name, sdk.assume_web(self.site, name, token=token)["AssumedRoleUser"]["Arn"])

    def test_the_secret_is_never_in_the_session_token(self):
        credentials = self.web["Credentials"]
        readable = credentials["SessionToken"]
        for part in readable.split("."):
            readable += base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
        self.assertNotIn(credentials["SecretAccessKey"], readable)

    def test_session_policy_narrows(self):
        policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}}
        narrow = sdk.assume_web(self.site, Policy=json.dumps(policy))
        self.assertGreater(narrow["PackedPolicySize"], 0)
        s3 = sdk.s3(self.site, narrow["Credentials"])
        first = s3.list_objects_v2(Bucket="cat-photos", Prefix="photos/")["Contents"][0]["Key"]
        with self.assertRaises(s3.exceptions.ClientError) as refused:
            s3.get_object(Bucket="cat-photos", Key=first)
        self.assertEqual(refused.exception.response["Error"]["Code"], "AccessDenied")

    def test_session_policy_cannot_widen(self):
        policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
        s3 = sdk.s3(self.site, sdk.assume_web(self.site, Policy=json.dumps(policy))["Credentials"])
        with self.assertRaises(s3.exceptions.ClientError) as refused:
            s3.put_object(Bucket="cat-photos", Key="photos/widened.txt", Body=b"no")
        self.assertEqual(refused.exception.response["Error"]["Code"], "AccessDenied")

    def test_default_credential_chain_from_environment_alone(self):
        with tempfile.TemporaryDirectory() as scratch:
            token = pathlib.Path(scratch) / "token"
            token.write_text(self.site.token() + "\n")
            names = {
                "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
                "AWS_ROLE_ARN": daypass.role("PhotoReader"),
                "AWS_ROLE_SESSION_NAME": "chain",
                "AWS_ENDPOINT_URL_STS": self.site.broker,
                "AWS_ENDPOINT_URL_S3": self.site.photos,
                "AWS_REGION": daypass.REGION,
                "AWS_DEFAULT_REGION": daypass.REGION,
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true",
            }
            with mock.patch.dict(os.environ, names, clear=True):
                session = boto3.Session()
                self.assertTrue(
                    session.client("sts").get_caller_identity()["Arn"].endswith("assumed-role/PhotoReader/chain")
                )
                self.assertTrue(session.client("s3").list_objects_v2(Bucket="cat-photos")["Contents"])


class Saml(Sts):
    def test_reply_names_the_person_the_issuer_and_the_audience(self):
        self.assertEqual(self.saml["Subject"], "martha")
        self.assertEqual(self.saml["SubjectType"], "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
        self.assertEqual(self.saml["Issuer"], f"{self.site.idp}/saml/metadata")
        self.assertEqual(self.saml["Audience"], f"{self.site.broker}/saml/acs")
        self.assertRegex(
            self.saml["AssumedRoleUser"]["Arn"], rf"^arn:aws:sts::{daypass.PRODUCTION}:assumed-role/PhotoReader/martha"
        )

    def test_name_qualifier_is_the_hash_of_issuer_account_and_provider(self):
        joined = f"{self.site.idp}/saml/metadata{daypass.PRODUCTION}/corp"
        self.assertEqual(self.saml["NameQualifier"], base64.b64encode(hashlib.sha1(joined.encode()).digest()).decode())

    def test_one_assertion_serves_for_several_roles(self):
        assertion = self.site.assertion()
        for name in ("PhotoReader", "PhotoEditor", "PhotoReader"):
            self.assertIn(name, sdk.assume_saml(self.site, name, assertion=assertion)["AssumedRoleUser"]["Arn"])

    def test_duration_asked_for(self):
        left = sdk.assume_saml(self.site, DurationSeconds=900)["Credentials"]["Expiration"] - sdk.now()
        self.assertAlmostEqual(left.total_seconds(), 900, delta=60)


class Chain(Sts):
    def test_caller_identity_of_each(self):
        for reply in (self.web, self.saml):
            who = self.who(reply["Credentials"])
            self.assertEqual(who["Account"], daypass.PRODUCTION)
            self.assertEqual(who["Arn"], reply["AssumedRoleUser"]["Arn"])
            self.assertEqual(who["UserId"], reply["AssumedRoleUser"]["AssumedRoleId"])

    def test_reader_becomes_editor(self):
        reply = sdk.sts(self.site, self.web["Credentials"]).assume_role(
            RoleArn=daypass.role("PhotoEditor"), RoleSessionName="chained"
        )
        self.assertEqual(
            self.who(reply["Credentials"])["Arn"], f"arn:aws:sts::{daypass.PRODUCTION}:assumed-role/PhotoEditor/chained"
        )

    def test_chaining_lasts_an_hour_at_most(self):
        sts = sdk.sts(self.site, self.web["Credentials"])
        with self.assertRaises(sts.exceptions.ClientError) as refused:
            sts.assume_role(RoleArn=daypass.role("PhotoEditor"), RoleSessionName="chained", DurationSeconds=3601)
        error = refused.exception.response["Error"]
        self.assertEqual(error["Code"], "ValidationError")
        self.assertEqual(
            error["Message"],
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )

    def test_get_request_with_query_works_too(self):
        url = f"{self.site.broker}/?Action=GetCallerIdentity&Version=2011-06-15"
        reply = sdk.send(url, "GET", headers=sdk.sign(url, b"", self.web["Credentials"], headers={}, method="GET"))
        self.assertEqual(reply.status, 200, reply.text)
        self.assertIn("GetCallerIdentityResult", reply.text)

    def test_times_on_the_wire_are_whole_seconds(self):
        body = sdk.form(
            "AssumeRoleWithWebIdentity",
            RoleArn=daypass.role("PhotoReader"),
            RoleSessionName="wire",
            WebIdentityToken=self.site.token(),
        )
        reply = sdk.send(self.site.broker + "/", body=body)
        self.assertEqual(reply.status, 200, reply.text)
        inside = f"{{{sdk.STS_NAMESPACE}}}"
        tree = reply.xml()
        self.assertEqual(tree.tag, f"{inside}AssumeRoleWithWebIdentityResponse")
        expiration = tree.findtext(f"{inside}AssumeRoleWithWebIdentityResult/{inside}Credentials/{inside}Expiration")
        self.assertTrue(datetime.datetime.strptime(expiration, "%Y-%m-%dT%H:%M:%SZ"))
        self.assertTrue(tree.findtext(f"{inside}ResponseMetadata/{inside}RequestId"))


class Audit(Sts):
    def test_one_line_an_event_with_a_correlation_id_and_no_secret(self):
        events = [json.loads(line) for line in (daypass.OUT / "audit.jsonl").read_text().splitlines()]
        self.assertTrue(events)
        text = (daypass.OUT / "audit.jsonl").read_text()
        for reply in (self.web, self.saml):
            self.assertIn(reply["Credentials"]["AccessKeyId"], text)
            self.assertNotIn(reply["Credentials"]["SecretAccessKey"], text)
            self.assertNotIn(reply["Credentials"]["SessionToken"], text)
        names = {name for event in events for name in event}
        self.assertTrue(
            [name for name in names if "correlation" in name], f"no field is a correlation id: {sorted(names)}"
        )


if __name__ == "__main__":
    unittest.main()
