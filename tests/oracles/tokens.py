"""Writes and signs tokens and key sets, honest or not, with Python's cryptography and nothing that knows JWT.

Keys come from seeds; everything that is drawn while signing comes from the message (RFC 6979), so that a run
repeats itself.
"""

import base64
import hashlib
import hmac
import json
import random
from functools import cache

import keys as key_ring
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

ISSUER, CLIENT, NONCE = "https://idp.example/tenant", "client-1", "n-0S6_WzA2Mj"
NOW, NOW_SECONDS = "2026-06-01T12:00:00Z", 1780315200
RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
CURVES = {"ES256": (ec.SECP256R1(), "P-256", 32), "ES384": (ec.SECP384R1(), "P-384", 48), "ES512": (ec.SECP521R1(), "P-521", 66)}
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "ES512": int("01" + "F" * 65 + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16),
}
PUBLIC = [*RSA, *CURVES, "EdDSA"]
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
SECRET = b"a secret of sixty-four bytes that client and issuer share, both."


def b64(data):
    data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value, length=None):
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


class Keys:
    """The keys of one owner: one for RSA, one for each curve, one for Ed25519."""

    def __init__(self, owner, folder):
        self.owner, self.folder = owner, folder

    @cache
    def of(self, alg):
        rng = random.Random(f"daypass tokens {self.owner} {alg}")
        if alg in RSA:
            return key_ring.key({"issuer": "idp"}.get(self.owner, self.owner), self.folder).private
        if alg in CURVES:
            return ec.derive_private_key(rng.getrandbits(250), CURVES[alg][0])
        return ed25519.Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))

    def jwk(self, alg, /, **changes):
        """The public key for `alg`; a change to None takes the member away."""
        if alg in RSA:
            numbers = self.of(alg).public_key().public_numbers()
            key = {"kty": "RSA", "kid": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        elif alg in CURVES:
            (_, crv, width), numbers = CURVES[alg], self.of(alg).public_key().public_numbers()
            key = {"kty": "EC", "crv": crv, "kid": alg, "x": number(numbers.x, width), "y": number(numbers.y, width)}
        else:
            key = {"kty": "OKP", "crv": "Ed25519", "kid": "EdDSA", "x": b64(self.of("EdDSA").public_key().public_bytes_raw())}
        key = {**key, "use": "sig", **changes}
        return {name: value for name, value in key.items() if value is not None}

    def jwks(self):
        return [self.jwk(alg) for alg in ["RS256", *CURVES, "EdDSA"]]

    def signature(self, alg, message):
        if alg.startswith("HS"):
            return hmac.new(SECRET, message, getattr(hashlib, f"sha{alg[2:]}")).digest()
        if alg in RSA:
            if alg.startswith("PS"):
                return self._salted(alg, message)
            return self.of(alg).sign(message, padding.PKCS1v15(), HASHES[alg[2:]])
        if alg in CURVES:
            r, s = self.r_and_s(alg, message)
            width = CURVES[alg][2]
            return r.to_bytes(width, "big") + s.to_bytes(width, "big")
        return self.of("EdDSA").sign(message)

    def _salted(self, alg, message):
        """RSASSA-PSS (RFC 8017, 8.1.1 and 9.1.1) with a salt that is drawn from the message."""
        hashed = getattr(hashlib, f"sha{alg[2:]}")
        size, salt = hashed().digest_size, hashed(b"salt" + message).digest()
        made = hashed(bytes(8) + hashed(message).digest() + salt).digest()
        numbers = self.of(alg).private_numbers()
        length = (numbers.public_numbers.n.bit_length() + 7) // 8
        data = bytes(length - 2 * size - 2) + b"\x01" + salt
        mask = b"".join(hashed(made + turn.to_bytes(4, "big")).digest() for turn in range(length // size + 1))
        masked = bytearray(one ^ other for one, other in zip(data, mask))
        masked[0] &= 0x7F
        value = int.from_bytes(bytes(masked) + made + b"\xbc", "big")
        one, other = pow(value, numbers.dmp1, numbers.p), pow(value, numbers.dmq1, numbers.q)
        return (other + numbers.q * ((one - other) * numbers.iqmp % numbers.p)).to_bytes(length, "big")

    def r_and_s(self, alg, message):
        chosen = ec.ECDSA(HASHES[alg[2:]], deterministic_signing=True)
        return decode_dss_signature(self.of(alg).sign(message, chosen))

    def sign(self, alg, header, payload):
        """A token of this header and payload: text, bytes, or what JSON can say."""
        signed = f"{b64(_text(header))}.{b64(_text(payload))}"
        return f"{signed}.{b64(self.signature(alg, signed.encode()))}"


def _text(value):
    return value if isinstance(value, (str, bytes)) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def kid(alg):
    return "RSA" if alg in RSA else "EdDSA" if alg == "Ed25519" else alg


def header(alg, /, **changes):
    made = {"alg": alg, "kid": kid(alg), "typ": "JWT", **changes}
    return {name: value for name, value in made.items() if value is not None}


def claims(**changes):
    """The claims of an honest sign-in; a change to None takes a claim away."""
    made = {
        "iss": ISSUER, "sub": "martha", "aud": CLIENT, "nonce": NONCE, "iat": NOW_SECONDS, "exp": NOW_SECONDS + 300,
        "auth_time": NOW_SECONDS - 10, "email": "martha@example.com", "email_verified": True, "groups": ["Admins", "Developers"],
        **changes,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def raw_claims(name, value):
    """Honest claims as text, in which `name` has the value that is written so."""
    others = claims(**{name: None})
    return _text(others)[:-1] + f',"{name}":{value}}}'


def der(r, s):
    return encode_dss_signature(r, s)


def spelled(one, other):
    """Honest claims as text, with a piece of it spelled otherwise."""
    return _text(claims()).replace(one, other)
