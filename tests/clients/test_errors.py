"""Everything wrong gets the error the real protocol has: code, status, shape, and a sentence that says what was wrong."""

import base64
import contextlib
import datetime
import json
import re
import unittest
import urllib.parse
from unittest import mock

import botocore.exceptions

import demo as daypass
import sdk


def encoded(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def edited(token, **claims):
    """The token with these claims changed and its signature left as it was."""
    header, payload, signature = token.split(".")
    return ".".join([header, encoded({**decoded(payload), **claims}), signature])


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()
        cls.credentials = sdk.assume_web(cls.site)["Credentials"]

    @contextlib.contextmanager
    def refused(self, status, code, sentence=""):
        """Holds the one call inside against the code, the status and a part of the sentence."""
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            yield
        reply = caught.exception.response
        self.assertEqual(
            (reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]),
            (code, status),
            reply["Error"]["Message"],
        )
        self.assertIn(sentence.lower(), reply["Error"]["Message"].lower())
        self.assertTrue(reply["Error"]["Message"].strip(), "no sentence says what was wrong")
        self.assertTrue(reply["ResponseMetadata"].get("RequestId"))

    def web(self, **more):
        role = more.pop("role", "PhotoReader")
        return sdk.assume_web(self.site, role, **more)

    def raw(self, action, **parameters):
        return sdk.send(self.site.broker + "/", body=sdk.form(action, **parameters)).sts_error()


class WebIdentity(Errors):
    def test_garbage(self):
        for token in ("garbage", "not.a.token", "a.b.c.d", "e30.e30.", "é" * 8, "\u0000abc", "A" * 20000):
            with self.subTest(token=token[:20]), self.refused(400, "InvalidIdentityToken"):
                self.web(token=token)

    def test_edited_claims(self):
        with self.refused(400, "InvalidIdentityToken", "signature"):
            self.web(token=edited(self.site.token("otto"), sub="martha"))

    def test_edited_signature(self):
        head, _, signature = self.site.token().rpartition(".")
        with self.refused(400, "InvalidIdentityToken", "signature"):
            self.web(token=f"{head}.{'A' * len(signature)}")

    def test_alg_none(self):
        header, payload, _ = self.site.token().split(".")
        for spelling in ("none", "None", "NONE"):
            for ending in ("", "AAAA"):
                with self.subTest(alg=spelling, signature=ending), self.refused(400, "InvalidIdentityToken"):
                    self.web(token=f"{encoded({**decoded(header), 'alg': spelling})}.{payload}.{ending}")

    def test_unknown_issuer(self):
        text = "No OpenIDConnect provider found in your account for https://elsewhere.example"
        with self.refused(400, "InvalidIdentityToken", text):
            self.web(token=edited(self.site.token(), iss="https://elsewhere.example"))

    def test_wrong_audience(self):
        with self.refused(400, "InvalidIdentityToken", "Incorrect token audience"):
            self.web(token=self.issued_with("wrong-audience", self.site.token))

    def test_expired(self):
        with self.refused(400, "ExpiredTokenException", "Token expired: current date/time "):
            self.web(token=self.issued_with("expired", self.site.token))

    def issued_with(self, fault, issue):
        self.site.break_next(fault)
        return issue()

    def test_signed_by_an_unpublished_key(self):
        with self.refused(400, "InvalidIdentityToken", "signature"):
            self.web(token=self.issued_with("wrong-key", self.site.token))

    def test_not_yet_valid(self):
        with self.refused(400, "InvalidIdentityToken"):
            self.web(token=self.issued_with("not-yet-valid", self.site.token))

    def test_public_key_as_shared_secret(self):
        with self.refused(400, "InvalidIdentityToken"):
            self.web(token=self.issued_with("hmac-with-public-key", self.site.token))

    def test_no_such_role(self):
        with self.refused(403, "AccessDenied"):
            self.web(role="NoSuchRole")

    def test_the_trust_policy_names_other_people(self):
        with self.refused(403, "AccessDenied", "sts:AssumeRoleWithWebIdentity"):
            self.web(token=self.site.token("otto"))

    def test_a_role_of_an_account_that_is_not_here(self):
        with self.refused(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for http"):
            sdk.sts(self.site).assume_role_with_web_identity(
                RoleArn=daypass.role("PhotoReader", "999999999999"),
                RoleSessionName="martha",
                WebIdentityToken=self.site.token(),
            )

    def test_which_roles_exist_cannot_be_learned(self):
        told = set()
        # PhotoReader exists and does not trust otto; the other does not exist.
        for name in ("PhotoReader", "NoSuchRole"):
            with self.assertRaises(botocore.exceptions.ClientError) as caught:
                self.web(role=name, token=self.site.token("otto"))
            told.add(caught.exception.response["Error"]["Message"].replace(name, "ROLE"))
        self.assertEqual(len(told), 1, told)


class Saml(Errors):
    def saml(self, assertion):
        return sdk.assume_saml(self.site, assertion=assertion)

    def altered(self, change):
        text = base64.b64decode(self.site.assertion()).decode()
        changed = change(text)
        self.assertNotEqual(changed, text, "the alteration found nothing to alter")
        return base64.b64encode(changed.encode()).decode()

    def test_garbage(self):
        for assertion in (
            "garbage!",
            "AAAA",
            base64.b64encode(b"<a>").decode(),
            base64.b64encode(b"<a/>").decode(),
            "A" * 100_000,
        ):
            with self.subTest(assertion=assertion[:20]), self.refused(400, "InvalidIdentityToken"):
                self.saml(assertion)

    def test_cut_off(self):
        with self.refused(400, "InvalidIdentityToken"):
            self.saml(self.altered(lambda text: text[: len(text) // 2]))

    def test_edited_subject(self):
        with self.refused(400, "InvalidIdentityToken"):
            self.saml(self.altered(lambda text: text.replace(">martha<", ">admin<")))

    def test_signature_stripped(self):
        with self.refused(400, "InvalidIdentityToken"):
            self.saml(
                self.altered(
                    lambda text: re.sub(r"<(\w+:)?Signature[ >].*?</(\w+:)?Signature>", "", text, flags=re.DOTALL)
                )
            )

    def test_document_type(self):
        with self.refused(400, "InvalidIdentityToken"):
            self.saml(
                base64.b64encode(b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + base64.b64decode(self.site.assertion())).decode()
            )

    def test_comment_inside_the_name(self):
        with self.refused(400, "InvalidIdentityToken"):
            self.saml(self.altered(lambda text: text.replace(">martha<", ">mar<!-- -->tha<")))

    def test_faults_of_the_provider(self):
        faults = {
            "expired": ("ExpiredTokenException", "Response has expired"),
            "wrong-audience": ("InvalidIdentityToken", "Response does not contain the required audience."),
            "wrong-recipient": ("InvalidIdentityToken", ""),
            "wrong-issuer": ("InvalidIdentityToken", "Issuer not present in specified provider"),
            "wrong-key": ("InvalidIdentityToken", "Response signature invalid"),
            "unsigned": ("InvalidIdentityToken", ""),
            "tampered": ("InvalidIdentityToken", "Response signature invalid"),
        }
        for fault, (code, sentence) in faults.items():
            with self.subTest(fault=fault):
                self.site.break_next(fault)
                assertion = self.site.assertion()
                with self.refused(400, code, sentence):
                    self.saml(assertion)

    def test_the_provider_did_not_authenticate_anybody(self):
        # Nobody gains from being told no, so that it is believed before a signature is looked at.
        status = "urn:oasis:names:tc:SAML:2.0:status:"
        denied = self.altered(lambda text: text.replace(f"{status}Success", f"{status}Responder"))
        with self.refused(403, "IDPRejectedClaim", "refused"):
            self.saml(denied)

    def test_a_role_the_assertion_does_not_name(self):
        assertion = self.site.assertion("otto")
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            self.saml(assertion)
        self.assertIn(caught.exception.response["Error"]["Code"], ("AccessDenied", "IDPRejectedClaim"))
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 403)

    def test_unknown_provider(self):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            sdk.sts(self.site).assume_role_with_saml(
                RoleArn=daypass.role("PhotoReader"),
                PrincipalArn=f"arn:aws:iam::{daypass.PRODUCTION}:saml-provider/nobody",
                SAMLAssertion=self.site.assertion(),
            )
        self.assertIn(caught.exception.response["Error"]["Code"], ("AccessDenied", "InvalidIdentityToken"))


class Validation(Errors):
    """boto3 would refuse some of these itself, so its own validation is off."""

    def ask(self, **more):
        asked = {
            "RoleArn": daypass.role("PhotoReader"),
            "RoleSessionName": "martha",
            "WebIdentityToken": self.site.token(),
            **more,
        }
        return sdk.sts(self.site, parameter_validation=False).assume_role_with_web_identity(
            **{name: value for name, value in asked.items() if value is not None}
        )

    def test_duration(self):
        for seconds in (0, 899, 43201):
            with self.subTest(seconds=seconds), self.refused(400, "ValidationError", "durationSeconds"):
                self.ask(DurationSeconds=seconds)

    def test_duration_above_the_maximum_of_the_role(self):
        with self.refused(400, "ValidationError", "duration"):
            self.ask(DurationSeconds=43200)

    def test_session_name(self):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            self.ask(RoleSessionName="not a name")
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], "ValidationError")
        self.assertEqual(
            error["Message"],
            "1 validation error detected: Value 'not a name' at 'roleSessionName' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\w+=,.@-]*",
        )

    def test_session_name_length(self):
        for name in ("a", "a" * 65):
            with self.subTest(length=len(name)), self.refused(400, "ValidationError", "roleSessionName"):
                self.ask(RoleSessionName=name)

    def test_role_arn(self):
        with self.refused(400, "ValidationError", "not-an-arn-but-long-enough is invalid"):
            self.ask(RoleArn="not-an-arn-but-long-enough")

    def test_missing_parameter(self):
        for name in ("RoleArn", "RoleSessionName", "WebIdentityToken"):
            with self.subTest(missing=name):
                with self.assertRaises(botocore.exceptions.ClientError) as caught:
                    self.ask(**{name: None})
                self.assertIn(caught.exception.response["Error"]["Code"], ("ValidationError", "MissingParameter"))
                self.assertIn(name.lower(), caught.exception.response["Error"]["Message"].lower())

    def test_policy_that_is_not_json(self):
        with self.refused(400, "MalformedPolicyDocument"):
            self.ask(Policy="{")

    def test_policy_with_an_unknown_word(self):
        with self.refused(400, "MalformedPolicyDocument"):
            self.ask(Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Permit","Action":"*","Resource":"*"}]}')

    def test_policy_too_long(self):
        policy = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": "s3:GetObject",
                    "Resource": ["arn:aws:s3:::cat-photos/" + "a" * 2100],
                },
            }
        )
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            self.ask(Policy=policy)
        self.assertIn(caught.exception.response["Error"]["Code"], ("PackedPolicyTooLarge", "ValidationError"))
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)


class Signed(Errors):
    def call(self, credentials):
        return sdk.sts(self.site, credentials).get_caller_identity()

    def test_wrong_secret(self):
        with self.refused(403, "SignatureDoesNotMatch"):
            self.call({**self.credentials, "SecretAccessKey": "x" * 40})

    def test_the_expected_signature_is_never_told(self):
        body = sdk.form("GetCallerIdentity")
        url = self.site.broker + "/"
        right = sdk.sign(url, body, self.credentials)
        wrong = {
            **right,
            "Authorization": right["Authorization"][:-4]
            + ("0000" if not right["Authorization"].endswith("0000") else "1111"),
        }
        reply = sdk.send(url, body=body, headers=wrong)
        self.assertEqual(reply.sts_error()[:2], (403, "SignatureDoesNotMatch"))
        self.assertNotIn(right["Authorization"].rpartition("=")[2], reply.text)

    def test_unknown_access_key(self):
        with self.refused(403, "InvalidClientTokenId"):
            self.call({"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x" * 40})

    def test_temporary_key_without_its_token(self):
        with self.refused(403, "InvalidClientTokenId"):
            self.call({**self.credentials, "SessionToken": None})

    def test_token_of_another_key(self):
        other = sdk.assume_web(self.site)["Credentials"]
        with self.refused(403, "InvalidClientTokenId"):
            self.call({**self.credentials, "SessionToken": other["SessionToken"]})

    def test_edited_token(self):
        token = edited(self.credentials["SessionToken"], exp=4102444800)
        with self.refused(403, "InvalidClientTokenId"):
            self.call({**self.credentials, "SessionToken": token})

    def test_unsigned(self):
        self.assertEqual(self.raw("GetCallerIdentity")[:2], (403, "MissingAuthenticationToken"))

    def test_incomplete_signature(self):
        body, url = sdk.form("GetCallerIdentity"), self.site.broker + "/"
        right = sdk.sign(url, body, self.credentials)
        for part in ("Credential", "SignedHeaders", "Signature"):
            with self.subTest(missing=part):
                pieces = right["Authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(", ")
                kept = ", ".join(piece for piece in pieces if not piece.startswith(part + "="))
                status, code, message = sdk.send(
                    url, body=body, headers={**right, "Authorization": "AWS4-HMAC-SHA256 " + kept}
                ).sts_error()
                self.assertEqual((status, code), (400, "IncompleteSignature"))
                self.assertIn(part, message)

    def test_clock_out_by_more_than_fifteen_minutes(self):
        body, url = sdk.form("GetCallerIdentity"), self.site.broker + "/"
        for minutes in (-16, 16):
            there = sdk.now() + datetime.timedelta(minutes=minutes)
            with (
                self.subTest(minutes=minutes),
                mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: there.replace(tzinfo=None)),
            ):
                headers = sdk.sign(url, body, self.credentials)
                self.assertIn(there.strftime("%Y%m%dT%H%M"), headers["X-Amz-Date"])
            status, code, message = sdk.send(url, body=body, headers=headers).sts_error()
            self.assertEqual((status, code), (403, "SignatureDoesNotMatch"))
            self.assertRegex(message, r"(?i)signature (expired|not yet current)")

    def test_body_changed_after_signing(self):
        url = self.site.broker + "/"
        headers = sdk.sign(url, sdk.form("GetCallerIdentity"), self.credentials)
        reply = sdk.send(url, body=sdk.form("GetCallerIdentity", Extra="1"), headers=headers)
        self.assertEqual(reply.sts_error()[:2], (403, "SignatureDoesNotMatch"))

    def test_trust_policy_of_a_chain(self):
        editor = sdk.assume_web(self.site, "PhotoEditor")["Credentials"]
        with self.refused(403, "AccessDenied", "sts:AssumeRole"):
            sdk.sts(self.site, editor).assume_role(RoleArn=daypass.role("PhotoReader"), RoleSessionName="chained")


class Wire(Errors):
    def test_unknown_action(self):
        status, code, message = self.raw("OpenTheDoor")
        self.assertEqual((status, code), (400, "InvalidAction"))
        self.assertIn("OpenTheDoor", message)

    def test_unknown_version(self):
        self.assertEqual(
            sdk.send(self.site.broker + "/", body=b"Action=GetCallerIdentity&Version=1999-01-01").sts_error()[:2],
            (400, "InvalidAction"),
        )

    def test_no_action(self):
        status, code, _ = sdk.send(self.site.broker + "/", body=b"Version=2011-06-15").sts_error()
        self.assertEqual(status, 400)
        self.assertIn(code, ("MissingAction", "InvalidAction"))

    def test_oversize_body(self):
        # Little more than the limit, so that the whole of it fits into the sockets and the answer is not lost to a reset.
        reply = sdk.send(self.site.broker + "/", body=sdk.form("GetCallerIdentity", Padding="x" * 420_000))
        self.assertEqual(reply.status, 413, reply.text[:500])

    def test_not_a_form(self):
        for body in (b"\xff\xfe\x00", b"%zz=%", b"{}", b"&&&&", b"=" * 1000):
            with self.subTest(body=body[:10]):
                self.assertEqual(sdk.send(self.site.broker + "/", body=body).status // 100, 4)

    def test_a_value_is_quoted_safely_in_xml(self):
        reply = sdk.send(
            self.site.broker + "/",
            body=urllib.parse.urlencode({"Action": "<script>&\"'", "Version": "2011-06-15"}).encode(),
        )
        self.assertEqual(reply.sts_error()[:2], (400, "InvalidAction"))
        self.assertNotIn("<script>", reply.text)


class Expired(unittest.TestCase):
    """What happens when time passes: a demo of its own, because its clock moves for everyone."""

    @classmethod
    def setUpClass(cls):
        cls.site = daypass.Demo("--test-controls", name="later")
        cls.addClassCleanup(cls.site.stop)
        cls.token, cls.assertion = cls.site.token(), cls.site.assertion()
        cls.credentials = sdk.assume_web(cls.site, DurationSeconds=900)["Credentials"]
        iam = sdk.iam(cls.site, sdk.assume_web(cls.site, "IamAdministrator")["Credentials"])
        iam.create_user(UserName="mona")
        statement = {"Effect": "Allow", "Action": "iam:GetCredentialReport", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_user_policy(UserName="mona", PolicyName="own", PolicyDocument=policy)
        cls.key = iam.create_access_key(UserName="mona")["AccessKey"]
        iam.generate_credential_report()
        cls.site.advance(24 * 3600)
        cls.now = sdk.now() + datetime.timedelta(days=1)

    def code(self, call):
        moved = mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: self.now.replace(tzinfo=None))
        with moved, self.assertRaises(botocore.exceptions.ClientError) as caught:
            call()
        reply = caught.exception.response
        self.assertIn("expired", reply["Error"]["Message"].lower())
        return reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]

    def test_session_credentials_at_the_broker(self):
        sts = sdk.sts(self.site, self.credentials)
        self.assertEqual(self.code(sts.get_caller_identity), ("ExpiredToken", 403))

    def test_session_credentials_at_the_bucket(self):
        s3 = sdk.s3(self.site, self.credentials)
        self.assertEqual(self.code(lambda: s3.list_objects_v2(Bucket="cat-photos")), ("ExpiredToken", 400))

    def test_id_token(self):
        self.assertEqual(self.code(lambda: sdk.assume_web(self.site, token=self.token)), ("ExpiredTokenException", 400))

    def test_assertion(self):
        told = self.code(lambda: sdk.assume_saml(self.site, assertion=self.assertion))
        self.assertEqual(told, ("ExpiredTokenException", 400))

    def test_credential_report(self):
        iam = sdk.iam(self.site, self.key)
        self.assertEqual(self.code(iam.get_credential_report), ("ReportExpired", 410))

    def test_a_new_token_works_at_the_new_time(self):
        self.assertIn("PhotoReader", sdk.assume_web(self.site)["AssumedRoleUser"]["Arn"])


class Photos(Errors):
    """The same credentials at the bucket, where the errors are S3's."""

    def s3(self, **changed):
        return sdk.s3(self.site, {**self.credentials, **changed})

    def test_wrong_secret(self):
        with self.refused(403, "SignatureDoesNotMatch"):
            self.s3(SecretAccessKey="x" * 40).list_objects_v2(Bucket="cat-photos")

    def test_unknown_access_key(self):
        with self.refused(403, "InvalidAccessKeyId"):
            self.s3(AccessKeyId="AKIAIOSFODNN7EXAMPLE", SessionToken=None).list_objects_v2(Bucket="cat-photos")

    def test_edited_token(self):
        with self.refused(400, "InvalidToken"):
            self.s3(SessionToken=edited(self.credentials["SessionToken"], exp=4102444800)).list_objects_v2(
                Bucket="cat-photos"
            )

    def test_anonymous(self):
        with self.refused(403, "AccessDenied"):
            sdk.s3(self.site).list_objects_v2(Bucket="cat-photos")

    def test_clock_out_by_more_than_fifteen_minutes(self):
        there = sdk.now() - datetime.timedelta(minutes=16)
        with (
            mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: there.replace(tzinfo=None)),
            self.refused(403, "RequestTimeTooSkewed"),
        ):
            self.s3().list_objects_v2(Bucket="cat-photos")


if __name__ == "__main__":
    unittest.main()
