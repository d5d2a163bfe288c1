"""Writes encrypted responses with xmlsec 1.3.9 (python-xmlsec 1.3.17), and cases.json, which says what each of them is.

Run in tests/vectors/saml: python encrypted/make.py. It needs openssl. The signer's key is thrown away; the key that is
encrypted to, sp.key, is kept: it opens nothing but these files.
"""

import base64
import json
import subprocess
import tempfile
from pathlib import Path

import xmlsec
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
TEMPLATES = {}
exec((Path(__file__).parent.parent / "signed/make.py").read_text().split("KEYS = {")[0], TEMPLATES)

RSA = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
FOLDER = Path("encrypted")
CASES = []


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def sign(root, parent, key):
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = key
    context.sign(root.find(f".//{{*}}{parent}/{{{DSIG}}}Signature") if parent != "Response" else root.find(f"{{{DSIG}}}Signature"))


def seal(node, wrapper, content, size, transport, parameters, shape, public):
    """Replaces `node` by `wrapper` around its encryption."""
    encrypted_key = (
        f'<xenc:EncryptedKey xmlns:xenc="{XENC}" Id="_key-{wrapper}" Recipient="https://sp.example/metadata">'
        f'<xenc:EncryptionMethod Algorithm="{transport}">{parameters}</xenc:EncryptionMethod>'
        "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey>"
    )
    template = etree.fromstring(
        f'<xenc:EncryptedData xmlns:xenc="{XENC}" Id="_data-{wrapper}" Type="{XENC}Element"><xenc:EncryptionMethod Algorithm="{content}"/>'
        f'<ds:KeyInfo xmlns:ds="{DSIG}">{encrypted_key}</ds:KeyInfo>'
        "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"
    )
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(public, xmlsec.constants.KeyDataFormatPem))
    context = xmlsec.EncryptionContext(manager)
    kind = xmlsec.constants.KeyDataDes if "tripledes" in content else xmlsec.constants.KeyDataAes
    context.key = xmlsec.Key.generate(kind, size, xmlsec.constants.KeyDataTypeSession)
    # Encrypted where it stands: moving it would make lxml rewrite the prefixes that were signed.
    data = context.encrypt_xml(template, node)
    outer = etree.Element(f"{{{SAML}}}{wrapper}", nsmap={"e": SAML})
    data.getparent().replace(data, outer)
    outer.append(data)
    if shape == "beside":
        key = data.find(f".//{{{XENC}}}EncryptedKey")
        info = key.getparent()
        info.remove(key)
        outer.append(key)
        etree.SubElement(info, f"{{{DSIG}}}RetrievalMethod", URI=f"#_key-{wrapper}", Type=f"{XENC}EncryptedKey")


def make(
    name, content, size, transport=XENC + "rsa-oaep-mgf1p", parameters="", shape="inside", signed="assertion", what="Assertion",
    needs=(), refused=None,
):
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = (str(Path(folder) / part) for part in ("key.pem", "cert.pem"))
        openssl("genpkey", *RSA, "-out", key)
        openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=idp", "-days", "3650", "-out", certificate)
        signer = xmlsec.Key.from_file(key, xmlsec.constants.KeyDataFormatPem)
        der = openssl("x509", "-in", certificate, "-outform", "DER")
    template = {"method": MORE + "rsa-sha256", "inclusive": "", "digest": "sha256"}
    inner = TEMPLATES["SIGNATURE"].format(id="_assertion", **template) if signed in ("assertion", "both") else ""
    outer = TEMPLATES["SIGNATURE"].format(id="_response", **template) if signed in ("response", "both") else ""
    root = etree.fromstring(TEMPLATES["RESPONSE"].format(inner=inner, outer=outer).encode())
    public = PUBLIC
    seal_now = lambda: seal(
        root.find(f".//{{{SAML}}}{what}"), {"NameID": "EncryptedID"}.get(what, "Encrypted" + what), content, size, transport,
        parameters, shape, public,
    )
    if what != "Assertion":
        seal_now()
    if inner:
        sign(root, "Assertion", signer)
    if what == "Assertion":
        seal_now()
    if outer:
        sign(root, "Response", signer)
    (FOLDER / f"{name}.xml").write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    (FOLDER / f"{name}.cert").write_bytes(base64.b64encode(der) + b"\n")
    CASES.append({"file": name, "needs": list(needs), "refused": refused})


def digest(uri):
    return f'<ds:DigestMethod xmlns:ds="{DSIG}" Algorithm="{uri}"/>'


def mask(hash_name):
    return f'<x:MGF xmlns:x="{XENC11}" Algorithm="{XENC11}mgf1{hash_name}"/>'


if not (FOLDER / "sp.key").exists():
    openssl("genpkey", *RSA, "-out", str(FOLDER / "sp.key"))
PUBLIC = openssl("pkey", "-in", str(FOLDER / "sp.key"), "-pubout")
OAEP_11 = XENC11 + "rsa-oaep"
SHA = {"sha1": DSIG + "sha1", "sha256": XENC + "sha256", "sha384": MORE + "sha384", "sha512": XENC + "sha512"}

for shape in ("inside", "beside"):
    for signed in ("assertion", "response", "both"):
        make(f"aes256-gcm-{shape}-{signed}", XENC11 + "aes256-gcm", 256, shape=shape, signed=signed)
make("aes128-gcm", XENC11 + "aes128-gcm", 128)
make("aes192-gcm", XENC11 + "aes192-gcm", 192, needs=["aes_192"])
for bits in (128, 192, 256):
    also = ["aes_192"] if bits == 192 else []
    make(f"aes{bits}-cbc-response", f"{XENC}aes{bits}-cbc", bits, signed="response", needs=["cbc", *also])
    make(f"aes{bits}-cbc-assertion", f"{XENC}aes{bits}-cbc", bits, needs=["cbc_in_unsigned_responses", *also])
for name, uri in SHA.items():
    make(f"oaep-{name}", XENC11 + "aes256-gcm", 256, OAEP_11, digest(uri) + mask(name))
make("oaep-mgf1p-sha1-stated", XENC11 + "aes256-gcm", 256, parameters=digest(SHA["sha1"]))
make("oaep-sha1-unstated", XENC11 + "aes256-gcm", 256, OAEP_11)
pair = "{} with {} and " + XENC11 + "mgf1{}"
mgf1p = XENC + "rsa-oaep-mgf1p"
make(
    "oaep-mgf1p-sha256", XENC11 + "aes256-gcm", 256, parameters=digest(SHA["sha256"]),
    refused=pair.format(mgf1p, SHA["sha256"], "sha1"),
)
make(
    "oaep-sha256-mask-sha1", XENC11 + "aes256-gcm", 256, OAEP_11, digest(SHA["sha256"]),
    refused=pair.format(OAEP_11, SHA["sha256"], "sha1"),
)
make(
    "oaep-sha1-mask-sha256", XENC11 + "aes256-gcm", 256, OAEP_11, digest(SHA["sha1"]) + mask("sha256"),
    refused=pair.format(OAEP_11, SHA["sha1"], "sha256"),
)
make("rsa-1_5", XENC11 + "aes256-gcm", 256, XENC + "rsa-1_5", refused=XENC + "rsa-1_5")
make("tripledes-cbc", XENC + "tripledes-cbc", 192, signed="response", refused=XENC + "tripledes-cbc")
for shape in ("inside", "beside"):
    make(f"encrypted-id-{shape}", XENC11 + "aes128-gcm", 128, shape=shape, what="NameID")
    make(f"encrypted-attribute-{shape}", XENC11 + "aes128-gcm", 128, shape=shape, what="Attribute")
make("encrypted-id-cbc", XENC + "aes128-cbc", 128, what="NameID", needs=["cbc"])
(FOLDER / "cases.json").write_text(json.dumps(CASES, indent=1) + "\n")
