"""Keys of the generated documents: the same at every run, so that a document is reproduced byte by byte from its seed.

They are drawn from a seeded generator and protect nothing.
"""

import datetime
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]


@dataclass(frozen=True)
class Key:
    private: object
    key_path: str
    cert_path: str

    @property
    def certificate_base64(self):
        lines = Path(self.cert_path).read_text(encoding="ascii").splitlines()
        return "".join(line for line in lines if not line.startswith("-"))


def _is_prime(candidate, rng):
    if any(candidate % prime == 0 for prime in SMALL_PRIMES):
        return False
    odd, twos = candidate - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(8):
        power = pow(rng.randrange(2, candidate - 1), odd, candidate)
        if power in (1, candidate - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % candidate
            if power == candidate - 1:
                break
        else:
            return False
    return True


def _rsa(bits, rng):
    def prime():
        while True:
            candidate = rng.getrandbits(bits // 2) | 3 << (bits // 2 - 2) | 1
            if candidate % 65537 != 1 and _is_prime(candidate, rng):
                return candidate

    p, q = prime(), prime()
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    parts = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *parts, public).private_key()


CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
SIZES = {"idp": 2048, "second": 3072, "stranger": 2048, "small": 1024, "sp": 2048}


@cache
def key(name, folder):
    """The key `name`, written below `folder` with a certificate."""
    key_path, cert_path = Path(folder) / f"{name}.key", Path(folder) / f"{name}.pem"
    if not cert_path.exists():
        rng = random.Random(f"daypass {name}")
        if name in CURVES:
            private = ec.derive_private_key(rng.getrandbits(250), CURVES[name])
        else:
            private = _rsa(SIZES[name], rng)
        _write(name, private, key_path, cert_path)
    private = serialization.load_pem_private_key(key_path.read_bytes(), None)
    return Key(private, str(key_path), str(cert_path))


def certify(public_key, path, by):
    """A certificate for a bare public key: some judges take nothing else, and nobody looks at who signed it."""
    _certificate(public_key, by, "bare key", path)


def _certificate(public_key, signing_key, name, path):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(public_key)
    builder = builder.serial_number(1).not_valid_before(datetime.datetime(2026, 1, 1))
    certificate = builder.not_valid_after(datetime.datetime(2036, 1, 1)).sign(signing_key, hashes.SHA256())
    Path(path).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write(name, private, key_path, cert_path):
    key_path.parent.mkdir(parents=True, exist_ok=True)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_path.write_bytes(private.private_bytes(*pem))
    _certificate(private.public_key(), private, name, cert_path)
