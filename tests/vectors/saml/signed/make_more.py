"""Writes signed responses with xmlsec 1.3.9 (python-xmlsec 1.3.17), which knows what xmlsec1 1.2 does not: PSS, EdDSA.

Run in tests/vectors/saml: python signed/make_more.py. It needs openssl; keys are made anew each time and thrown away.
What needs a relaxation goes to relaxed/.
"""

import base64
import hashlib
import subprocess
import tempfile
from pathlib import Path

import xmlsec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
MORE_2021 = "http://www.w3.org/2021/04/xmldsig-more#"
XENC = "http://www.w3.org/2001/04/xmlenc#"

# The templates of make.py, read without running what it runs.
SOURCE = (Path(__file__).parent / "make.py").read_text()
TEMPLATES = {}
exec(SOURCE.split("KEYS = {")[0], TEMPLATES)

KEYS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "ed25519": ["-algorithm", "ED25519"],
}


def sign_by_hand(signature, key):
    """RFC 9231, 2.3.12 with libxml2's canonical form and OpenSSL's Ed25519: xmlsec 1.3.9 signs no EdDSA."""
    parent = signature.getparent()
    outside = etree.fromstring(etree.tostring(parent, with_tail=False))
    hidden = outside.find(f"{{{DSIG}}}Signature")
    hidden.getprevious().tail = (hidden.getprevious().tail or "") + (hidden.tail or "")
    outside.remove(hidden)
    digest = hashlib.sha256(etree.tostring(outside, method="c14n", exclusive=True)).digest()
    signature.find(f".//{{{DSIG}}}DigestValue").text = base64.b64encode(digest).decode()
    info = etree.tostring(signature.find(f"{{{DSIG}}}SignedInfo"), method="c14n", exclusive=True, with_tail=False)
    value = load_pem_private_key(key, None).sign(info)
    signature.find(f"{{{DSIG}}}SignatureValue").text = base64.b64encode(value).decode()


def make(name, kind, method, digest):
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = (str(Path(folder) / part) for part in ("key.pem", "cert.pem"))
        subprocess.run(["openssl", "genpkey", *KEYS[kind], "-out", key], check=True)
        subprocess.run(
            ["openssl", "req", "-x509", "-new", "-key", key, "-subj", "/CN=idp", "-days", "3650", "-out", certificate], check=True
        )
        signature = TEMPLATES["SIGNATURE"].replace("http://www.w3.org/2001/04/xmlenc#{digest}", "{digest}")
        inner = signature.format(id="_assertion", method=method, inclusive="", digest=digest)
        root = etree.fromstring(TEMPLATES["RESPONSE"].format(inner=inner, outer="").encode())
        node = root.find(f".//{{{DSIG}}}Signature")
        if kind == "ed25519":
            sign_by_hand(node, Path(key).read_bytes())
        else:
            xmlsec.tree.add_ids(root, ["ID"])
            context = xmlsec.SignatureContext()
            context.key = xmlsec.Key.from_file(key, xmlsec.constants.KeyDataFormatPem)
            context.sign(node)
        der = subprocess.run(["openssl", "x509", "-in", certificate, "-outform", "DER"], check=True, capture_output=True).stdout
        Path(name + ".xml").write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
        Path(name + ".cert").write_bytes(base64.b64encode(der) + b"\n")


for bits in (256, 384, 512):
    digest = MORE + "sha384" if bits == 384 else f"{XENC}sha{bits}"
    make(f"signed/rsa-pss-sha{bits}-assertion", "rsa", f"{MORE_2007}sha{bits}-rsa-MGF1", digest)
    for curve in ("p256", "p384", "p521"):
        make(f"signed/{curve}-sha{bits}-by-xmlsec-1.3", curve, f"{MORE}ecdsa-sha{bits}", digest)
make("signed/ed25519-assertion", "ed25519", MORE_2021 + "eddsa-ed25519", XENC + "sha256")
make("relaxed/sha1-signature-and-digest", "rsa", DSIG + "rsa-sha1", DSIG + "sha1")
make("relaxed/sha1-signature", "rsa", DSIG + "rsa-sha1", XENC + "sha256")
make("relaxed/sha1-digest", "rsa", MORE + "rsa-sha256", DSIG + "sha1")
make("relaxed/small_rsa-sha256", "rsa1024", MORE + "rsa-sha256", XENC + "sha256")
make("relaxed/small_rsa-sha512", "rsa1024", MORE + "rsa-sha512", XENC + "sha512")
make("relaxed/small_rsa-sha1", "rsa1024", DSIG + "rsa-sha1", DSIG + "sha1")
