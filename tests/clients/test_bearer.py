"""A session token borne to a service in another language, which verifies it offline (examples/bearer, with npm's jose)."""

import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import unittest
import urllib.request

import demo as daypass
import sdk

PACKAGES = daypass.OUT / "node"


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def encoded(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@unittest.skipUnless((PACKAGES / "node_modules" / "jose").is_dir(), "no Node.js packages; run scripts/install-clients")
class Bearer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = daypass.shared()
        cls.reply = sdk.assume_web(cls.site)
        cls.token = cls.reply["Credentials"]["SessionToken"]
        # Beside its packages, where a module is looked for.
        cls.script = PACKAGES / "verify.mjs"
        shutil.copy(daypass.ROOT / "examples" / "bearer" / "verify.mjs", cls.script)

    def verify(self, token, *words):
        return subprocess.run(
            ["node", str(self.script), self.site.broker, *words],
            input=token,
            capture_output=True,
            text=True,
            timeout=30,
            env=daypass.environment(),
        )

    def refused(self, token, *words):
        done = self.verify(token, *words)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stdout)
        return done.stderr.split(": ")[1]

    def test_an_honest_token_says_who_bears_it(self):
        done = self.verify(self.token + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        session = json.loads(done.stdout)
        self.assertEqual(session["arn"], self.reply["AssumedRoleUser"]["Arn"])
        self.assertEqual(session["accessKeyId"], self.reply["Credentials"]["AccessKeyId"])
        self.assertEqual(session["roleArn"], daypass.role("PhotoReader"))
        expires = self.reply["Credentials"]["Expiration"].strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self.assertEqual(session["expires"], expires)

    def test_the_key_that_signed_is_published(self):
        with urllib.request.urlopen(self.site.broker + "/.well-known/jwks.json", timeout=10) as reply:
            published = json.load(reply)["keys"]
        header = decoded(self.token.split(".")[0])
        self.assertEqual((header["typ"], header["alg"]), ("daypass+jwt", "EdDSA"))
        self.assertIn(header["kid"], [key["kid"] for key in published])
        self.assertNotIn("d", {name for key in published for name in key})

    def test_an_expired_token_is_refused(self):
        end = int(self.reply["Credentials"]["Expiration"].timestamp())
        self.assertEqual(self.verify(self.token, "--at", str(end - 1)).returncode, 0)
        self.assertEqual(self.refused(self.token, "--at", str(end)), "ERR_JWT_EXPIRED")

    def test_a_token_of_another_issuer_is_refused(self):
        self.assertEqual(self.refused(self.token, "https://other.example"), "ERR_JWT_CLAIM_VALIDATION_FAILED")

    def test_an_altered_token_is_refused(self):
        header, payload, signature = self.token.split(".")
        claims = decoded(payload)
        claims["session"]["principal_tags"] = {"team": "everything"}
        self.assertEqual(
            self.refused(f"{header}.{encoded(claims)}.{signature}"), "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
        )

    def test_no_token_chooses_how_it_is_verified(self):
        header, payload, _ = self.token.split(".")
        none = {**decoded(header), "alg": "none"}
        self.assertEqual(self.refused(f"{encoded(none)}.{payload}."), "ERR_JOSE_ALG_NOT_ALLOWED")
        # Signed with what everybody knows, the public key, as if it were a secret.
        with urllib.request.urlopen(self.site.broker + "/.well-known/jwks.json", timeout=10) as reply:
            public = json.load(reply)["keys"][0]["x"]
        message = f"{encoded({**decoded(header), 'alg': 'HS256'})}.{payload}"
        secret = base64.urlsafe_b64decode(public + "=" * (-len(public) % 4))
        code = hmac.new(secret, message.encode(), hashlib.sha256).digest()
        self.assertEqual(self.refused(f"{message}.{encoded(code)}"), "ERR_JOSE_ALG_NOT_ALLOWED")

    def test_a_token_of_another_kind_or_key_is_refused(self):
        self.assertNotEqual(self.refused(self.site.token()), "")
        header, payload, signature = self.token.split(".")
        plain = {**decoded(header), "typ": "JWT"}
        self.assertEqual(
            self.refused(f"{encoded(plain)}.{payload}.{signature}"), "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
        )
        unknown = {**decoded(header), "kid": "somebody-else"}
        self.assertEqual(self.refused(f"{encoded(unknown)}.{payload}.{signature}"), "ERR_JWKS_NO_MATCHING_KEY")


if __name__ == "__main__":
    unittest.main()
