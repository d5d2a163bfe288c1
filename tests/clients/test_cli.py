"""The AWS CLI, versions 1 and 2, and curl, unmodified."""

import functools
import json
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import demo as daypass

PRODUCTION_ROLE_SESSION = rf"arn:aws:sts::{daypass.PRODUCTION}:assumed-role"


class Cli:
    """The same checks for each version; `aws` is the path of the program."""

    aws = None

    @classmethod
    def setUpClass(cls):
        if not os.access(cls.aws, os.X_OK):
            raise unittest.SkipTest(f"{cls.aws} is not installed (scripts/install-clients says why)")
        cls.site = daypass.shared()
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="daypass-cli-"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.scratch)

    @classmethod
    def call(cls, *words, credentials=None, region=daypass.REGION, service=None):
        keys = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_PAGER": ""}
        if credentials:
            keys.update(
                AWS_ACCESS_KEY_ID=credentials["AccessKeyId"],
                AWS_SECRET_ACCESS_KEY=credentials["SecretAccessKey"],
                AWS_SESSION_TOKEN=credentials["SessionToken"],
            )
        endpoint = cls.site.photos if words[0] in ("s3", "s3api") else cls.site.broker
        return daypass.run(
            cls.aws, "--endpoint-url", endpoint, "--output", "json", *words, env=daypass.environment(**keys)
        )

    @classmethod
    def answer(cls, *words, **options):
        done = cls.call(*words, **options)
        if done.returncode != 0:
            raise AssertionError(f"aws {' '.join(map(str, words))[:200]} ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.lstrip().startswith("{") else done.stdout

    def refusal(self, *words, **options):
        done = self.call(*words, **options)
        self.assertNotEqual(done.returncode, 0, f"was not refused: {done.stdout}")
        return done.stderr

    @classmethod
    @functools.cache
    def web_identity(cls, role):
        return cls.answer(
            "sts",
            "assume-role-with-web-identity",
            "--role-arn",
            daypass.role(role),
            "--role-session-name",
            "martha",
            "--web-identity-token",
            cls.site.token(),
        )

    @classmethod
    def as_role(cls, role):
        return cls.web_identity(role)["Credentials"]

    def test_assume_role_with_web_identity(self):
        reply = self.web_identity("PhotoReader")
        self.assertEqual(
            reply["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{daypass.PRODUCTION}:assumed-role/PhotoReader/martha"
        )
        self.assertRegex(reply["Credentials"]["AccessKeyId"], r"^ASIA[A-Z2-7]{16}$")
        self.assertEqual(reply["SubjectFromWebIdentityToken"], "martha")

    def test_assume_role_with_saml(self):
        reply = self.answer(
            "sts",
            "assume-role-with-saml",
            "--role-arn",
            daypass.role("PhotoReader"),
            "--principal-arn",
            daypass.saml_provider(),
            "--saml-assertion",
            self.site.assertion(),
        )
        self.assertRegex(reply["AssumedRoleUser"]["Arn"], rf"^{PRODUCTION_ROLE_SESSION}/PhotoReader/")
        self.assertEqual(reply["Subject"], "martha")

    def test_get_caller_identity(self):
        who = self.answer("sts", "get-caller-identity", credentials=self.as_role("PhotoReader"))
        self.assertEqual(who["Account"], daypass.PRODUCTION)
        self.assertEqual(who["Arn"], f"arn:aws:sts::{daypass.PRODUCTION}:assumed-role/PhotoReader/martha")
        self.assertRegex(who["UserId"], r"^AROA[A-Z0-9]+:martha$")

    def test_any_region_of_the_caller(self):
        who = self.answer("sts", "get-caller-identity", credentials=self.as_role("PhotoReader"), region="eu-west-1")
        self.assertEqual(who["Account"], daypass.PRODUCTION)

    def test_list(self):
        self.assertIn("photos/", self.answer("s3", "ls", "s3://cat-photos", credentials=self.as_role("PhotoReader")))
        self.assertRegex(
            self.answer("s3", "ls", "s3://cat-photos/photos/", credentials=self.as_role("PhotoReader")), r"\d+ \S+\.svg"
        )

    def test_copy_up_and_down(self):
        sent, received = self.scratch / "sent.bin", self.scratch / "received.bin"
        sent.write_bytes(os.urandom(300_000))
        editor = self.as_role("PhotoEditor")
        name = f"s3://cat-photos/photos/{type(self).__name__}.bin"
        self.answer("s3", "cp", sent, name, credentials=editor)
        self.answer("s3", "cp", name, received, credentials=editor)
        self.assertEqual(received.read_bytes(), sent.read_bytes())

    def test_large_copy_goes_up_in_parts(self):
        sent, received = self.scratch / "large.bin", self.scratch / "large-back.bin"
        sent.write_bytes(os.urandom(9 * 1024 * 1024))
        editor = self.as_role("PhotoEditor")
        name = f"s3://cat-photos/photos/{type(self).__name__}-large.bin"
        self.answer("s3", "cp", sent, name, credentials=editor)
        self.answer("s3", "cp", name, received, credentials=editor)
        self.assertEqual(received.read_bytes(), sent.read_bytes())

    def test_a_reader_may_not_upload(self):
        sent = self.scratch / "no.txt"
        sent.write_text("no")
        told = self.refusal("s3", "cp", sent, "s3://cat-photos/photos/no.txt", credentials=self.as_role("PhotoReader"))
        self.assertIn("AccessDenied", told)
        self.assertNotIn("explicit deny", told)

    def test_removal_is_an_explicit_deny(self):
        first = self.answer(
            "s3api",
            "list-objects-v2",
            "--bucket",
            "cat-photos",
            "--prefix",
            "photos/",
            credentials=self.as_role("PhotoEditor"),
        )["Contents"][0]["Key"]
        told = self.refusal("s3", "rm", f"s3://cat-photos/{first}", credentials=self.as_role("PhotoEditor"))
        self.assertIn("AccessDenied", told)
        self.assertIn("explicit deny", told)
        self.assertIn("s3:DeleteObject", told)
        self.assertIn(
            first, self.answer("s3", "ls", "--recursive", "s3://cat-photos", credentials=self.as_role("PhotoEditor"))
        )

    def test_one_role_assumes_another(self):
        reply = self.answer(
            "sts",
            "assume-role",
            "--role-arn",
            daypass.role("PhotoEditor"),
            "--role-session-name",
            "chained",
            credentials=self.as_role("PhotoReader"),
        )
        who = self.answer("sts", "get-caller-identity", credentials=reply["Credentials"])
        self.assertEqual(who["Arn"], f"arn:aws:sts::{daypass.PRODUCTION}:assumed-role/PhotoEditor/chained")

    def test_a_role_that_trusts_no_role_cannot_be_assumed(self):
        told = self.refusal(
            "sts",
            "assume-role",
            "--role-arn",
            daypass.role("PhotoReader"),
            "--role-session-name",
            "chained",
            credentials=self.as_role("PhotoEditor"),
        )
        self.assertIn("AccessDenied", told)
        self.assertIn("sts:AssumeRole", told)

    def test_presigned_url_opens_with_curl(self):
        # Version 1 still presigns with Signature Version 2 in the oldest regions, which no newer region takes, nor we.
        words = ("s3", "presign", "s3://cat-photos/photos/nap.svg", "--expires-in", "60")
        url = self.answer(*words, credentials=self.as_role("PhotoReader"), region="eu-central-1").strip()
        shown = daypass.run("curl", "-sS", "--fail-with-body", url)
        self.assertEqual(shown.returncode, 0, shown.stdout)
        self.assertIn("<svg", shown.stdout)
        spoiled = daypass.run(
            "curl", "-sS", "-w", "\n%{http_code}", re.sub(r"X-Amz-Expires=60", "X-Amz-Expires=600", url)
        )
        self.assertTrue(spoiled.stdout.endswith("403"), spoiled.stdout)
        self.assertIn("SignatureDoesNotMatch", spoiled.stdout)

    def test_web_identity_from_a_profile_alone(self):
        token, config = self.scratch / "token", self.scratch / "config"
        # Files that editors and shells write end in a newline.
        token.write_text(self.site.token() + "\n")
        config.write_text(
            f"[profile photos]\nrole_arn = {daypass.role('PhotoReader')}\nweb_identity_token_file = {token}\nrole_session_name = profile\nregion = {daypass.REGION}\n"
        )
        told = self.nested(config)
        self.assertIn("photos/", told)

    def nested(self, config):
        # The nested STS call of a profile is reached by environment alone: --endpoint-url does not travel to it.
        keys = {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "photos", "AWS_ENDPOINT_URL_STS": self.site.broker}
        done = daypass.run(
            self.aws, "--endpoint-url", self.site.photos, "s3", "ls", "s3://cat-photos", env=daypass.environment(**keys)
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_printed_lines_as_pasted(self):
        blocks = daypass.paste_blocks(self.site.output())
        self.assertTrue(blocks, f"the demo printed no block to paste; it printed:\n{self.site.output()}")
        path = f"{pathlib.Path(self.aws).parent}:{pathlib.Path(daypass.binary()).parent}:{os.environ['PATH']}"
        # A shell that people paste into does not stop at the refusals the demo shows on purpose, so neither does this one.
        for number, block in enumerate(blocks):
            done = daypass.run("bash", "-c", block, env=daypass.environment(PATH=path), timeout=180)
            # The lines fetch a photo into the directory they are pasted in.
            (daypass.ROOT / "nap.svg").unlink(missing_ok=True)
            told = done.stdout + done.stderr
            (daypass.OUT / f"pasted-{type(self).__name__}-{number}.txt").write_text(f"{block}\n\n{told}")
            self.assertNotIn("command not found", told)
            self.assertNotIn("Could not connect", told)
            self.assertNotIn("usage: aws", told)
        told = "".join(
            (daypass.OUT / f"pasted-{type(self).__name__}-{number}.txt").read_text() for number in range(len(blocks))
        )
        for expected in (
            "assumed-role/PhotoReader/",
            "photos/",
            "upload:",
            "download:",
            "explicit deny",
            "assumed-role/PhotoEditor/",
        ):
            self.assertIn(expected, told)
        for command in (
            "assume-role-with-web-identity",
            "assume-role-with-saml",
            "get-caller-identity",
            "s3 ls s3://cat-photos",
            "s3 cp",
            "s3 rm",
            "sts assume-role ",
        ):
            self.assertIn(command, "\n".join(blocks))


class Version1(Cli, unittest.TestCase):
    aws = str(daypass.VENV / "aws")

    def test_is_version_1(self):
        self.assertTrue(daypass.run(self.aws, "--version").stdout.startswith("aws-cli/1."))


class Version2(Cli, unittest.TestCase):
    aws = "/usr/bin/aws"

    def test_is_version_2(self):
        self.assertTrue(daypass.run(self.aws, "--version").stdout.startswith("aws-cli/2."))

    def nested(self, config):
        if tuple(map(int, re.findall(r"aws-cli/(\d+)\.(\d+)", daypass.run(self.aws, "--version").stdout)[0])) < (2, 13):
            self.skipTest("AWS_ENDPOINT_URL_STS needs version 2.13 or later")
        return super().nested(config)


class Curl(unittest.TestCase):
    """curl signs for itself: an implementation of SigV4 that shares nothing with the SDKs."""

    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()
        done = daypass.run(
            daypass.VENV / "aws",
            "--endpoint-url",
            cls.site.broker,
            "--output",
            "json",
            "sts",
            "assume-role-with-web-identity",
            "--role-arn",
            daypass.role("PhotoReader"),
            "--role-session-name",
            "curl",
            "--web-identity-token",
            cls.site.token(),
            env=daypass.environment(AWS_REGION=daypass.REGION),
        )
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.credentials = json.loads(done.stdout)["Credentials"]

    def curl(self, service, *words, secret=None):
        keys = f"{self.credentials['AccessKeyId']}:{secret or self.credentials['SecretAccessKey']}"
        return daypass.run(
            "curl",
            "-sS",
            "-w",
            "\n%{http_code}",
            "--aws-sigv4",
            f"aws:amz:{daypass.REGION}:{service}",
            "--user",
            keys,
            "-H",
            f"x-amz-security-token: {self.credentials['SessionToken']}",
            *words,
        ).stdout

    def test_get_caller_identity(self):
        told = self.curl("sts", self.site.broker + "/", "--data", "Action=GetCallerIdentity&Version=2011-06-15")
        self.assertIn("assumed-role/PhotoReader/curl", told)
        self.assertTrue(told.endswith("200"), told)

    def test_list_bucket(self):
        told = self.curl(
            "s3", f"{self.site.photos}/cat-photos?list-type=2", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"
        )
        self.assertIn("<ListBucketResult", told)
        self.assertTrue(told.endswith("200"), told)

    def test_wrong_secret(self):
        told = self.curl(
            "sts", self.site.broker + "/", "--data", "Action=GetCallerIdentity&Version=2011-06-15", secret="x" * 40
        )
        self.assertIn("<Code>SignatureDoesNotMatch</Code>", told)
        self.assertTrue(told.endswith("403"), told)


if __name__ == "__main__":
    unittest.main()
