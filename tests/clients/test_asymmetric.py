"""boto3 with the AWS Common Runtime, which signs with Signature Version 4A: the suite of cat-photos once more, and STS."""

import os
import subprocess
import sys
import textwrap
import unittest

import demo as daypass

RUNTIME = daypass.OUT / "crt"
HERE = os.path.dirname(os.path.abspath(__file__))
# STS takes Signature Version 4 alone, and says so.
AT_STS = """
    import botocore.exceptions, demo, sdk
    site = demo.shared()
    credentials = sdk.assume_web(site)["Credentials"]
    try:
        sdk.sts(site, credentials, signature_version="v4a").get_caller_identity()
    except botocore.exceptions.ClientError as refused:
        print(refused.response["Error"]["Code"], refused.response["Error"]["Message"])
"""


class Asymmetric(unittest.TestCase):
    def with_runtime(self, *words):
        """A Python of its own: once botocore is imported it keeps to the signers that it found."""
        if not (RUNTIME / "awscrt").is_dir():
            self.skipTest("awscrt is not installed (scripts/install-clients)")
        environment = dict(
            os.environ,
            PYTHONPATH=f"{RUNTIME}{os.pathsep}{HERE}",
            DAYPASS_S3_SIGNATURE="s3v4a",
            DAYPASS_RUN_NAME="asymmetric-",
        )
        done = subprocess.run(
            [sys.executable, "-B", *words], env=environment, cwd=HERE, capture_output=True, text=True, timeout=180
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_every_test_of_s3(self):
        told = self.with_runtime("suites.py", "s3")
        self.assertRegex(told, r"\n2\d passed, 0 failed, 0 skipped\n$")

    def test_sts_refuses_it_clearly(self):
        told = self.with_runtime("-c", textwrap.dedent(AT_STS))
        self.assertEqual(
            told.strip(),
            "IncompleteSignature AWS4-ECDSA-P256-SHA256 is not supported here: the service takes AWS4-HMAC-SHA256 alone",
        )


if __name__ == "__main__":
    unittest.main()
