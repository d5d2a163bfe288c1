"""Interoperation the other way: what other implementations sign and encrypt, daypass accepts, and what a daypass service
provider publishes and asks for, they read.

    interop.py [DEMO]      with the demo's program, its broker's metadata and requests are read too
"""

import base64
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
import urllib.error
import urllib.request
from datetime import datetime, timezone
from functools import partial
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import quoteattr

import judges
import keys as key_ring
from documents import ACS, IDP, MORE, NOW, REQUEST, RSA_SHA256, SHA256, SP, A, D, P, X, Message, Signing, assertion, write
from lxml import etree

# pysaml2 names ciphers that its cryptography library is about to drop.
warnings.filterwarnings("ignore")
FOLDER = judges.ROOT / "target/clients/oracles-interop"
XMLSEC1 = "/usr/bin/xmlsec1"
keys = partial(lambda name: key_ring.key(name, str(FOLDER / "keys")))
IDS = ["--id-attr:ID", f"{A}:Assertion", "--id-attr:ID", f"{P}:Response"]
problems, done = [], []


def accepts(name, document, trusted="idp", request=REQUEST, now=NOW, idp=IDP, sp=SP, acs=ACS, name_id="martha@example.com", policy=None):
    """Puts one message to daypass, which must accept it."""
    path = FOLDER / (re.sub(r"\W+", "-", name) + ".xml")
    path.write_text(document, encoding="utf-8", newline="")
    case = {
        "id": name, "path": str(path), "idp_certs": [trusted if trusted.endswith(".pem") else keys(trusted).cert_path], "sp_key": keys("sp").key_path,
        "idp_entity_id": idp, "sp_entity_id": sp, "acs_url": acs, "request_id": request, "now": now, "policy": policy or {},
    }  # fmt: skip
    answer = judges.daypass([case])[name]
    expect(f"daypass accepts: {name}", answer["verdict"] == "accept" and answer["name_id"] == name_id, answer)
    return answer


def expect(name, holds, otherwise=""):
    done.append(name)
    if not holds:
        problems.append(f"{name}: {otherwise}")


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def unsigned(document):
    """A template's placeholders, emptied for a signer that fills them."""
    return re.sub(r"@@\w+ \w+@@", "", document)


# xmlsec1, the program: its own serialisation of the document comes out.


def xmlsec1_signs(document, key, *parts):
    path = FOLDER / "work.xml"
    path.write_text(document, encoding="utf-8")
    for part in parts:
        node = f"//*[local-name()='{part}']/*[local-name()='Signature']"
        run(XMLSEC1, "--sign", "--privkey-pem", key.key_path, *IDS, "--node-xpath", node, "--output", path, path)
    return path.read_text(encoding="utf-8")


def template(m, target):
    """The document with empty signatures, as a signer takes it."""
    for part in target:
        setattr(m, f"sign_{part}", Signing(m.key, m.method, m.digest, prefix_list="xs"))
    return unsigned(write(m, lambda document, *_: document))


METHODS = [
    ("rsa-sha256", "idp", SHA256), ("rsa-sha512", "idp", X + "sha512"), ("ecdsa-sha256", "p256", SHA256),
    ("ecdsa-sha384", "p384", MORE + "sha384"), ("ecdsa-sha512", "p521", X + "sha512"),
]  # fmt: skip


def xmlsec1_program():
    for method, key, digest in METHODS:
        for parts in (["assertion"], ["response"], ["assertion", "response"]):
            m = Message(indent="\n  ")
            m.key, m.method, m.digest = keys(key), MORE + method, digest
            text = xmlsec1_signs(template(m, parts), keys(key), *[part.capitalize() for part in parts])
            accepts(f"xmlsec1 {method}, {' and '.join(parts)} signed", text, key)
    for cipher, session, policy in (("aes256-gcm", "aes-256", {}), ("aes128-gcm", "aes-128", {}), ("aes256-cbc", "aes-256", {"allow_cbc": True})):
        for parts in (["assertion"], ["response"]):
            accepts(f"xmlsec1 encrypts with {cipher}, {parts[0]} signed", xmlsec1_encrypts(cipher, session, parts), policy=policy)


def xmlsec1_encrypts(cipher, session, parts):
    space = "http://www.w3.org/2009/xmlenc11#" if cipher.endswith("gcm") else X
    m = Message(local_namespaces=True)
    m.key, m.method, m.digest = keys("idp"), RSA_SHA256, SHA256
    if "assertion" in parts:
        m.sign_assertion = Signing(m.key)
    plain = FOLDER / "plain.xml"
    plain.write_text(unsigned(assertion(m)), encoding="utf-8")
    if "assertion" in parts:
        run(XMLSEC1, "--sign", "--privkey-pem", m.key.key_path, *IDS, "--output", plain, plain)
    encrypted = FOLDER / "encrypted.xml"
    (FOLDER / "template.xml").write_text(
        f'<EncryptedData xmlns="{X}" Type="{X}Element"><EncryptionMethod Algorithm="{space}{cipher}"/><KeyInfo xmlns="{D}"><EncryptedKey xmlns="{X}">'
        f'<EncryptionMethod Algorithm="{X}rsa-oaep-mgf1p"/><CipherData><CipherValue/></CipherData></EncryptedKey></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedData>',
        encoding="utf-8",
    )
    run(XMLSEC1, "--encrypt", "--pubkey-cert-pem", keys("sp").cert_path, "--session-key", session, "--xml-data", plain, "--output", encrypted, FOLDER / "template.xml")
    data = re.sub(r"^<\?[^>]*\?>\s*", "", encrypted.read_text(encoding="utf-8")).strip()
    m.sign_assertion, m.encrypt = None, lambda text, message: f'<saml:EncryptedAssertion xmlns:saml="{A}">{data}</saml:EncryptedAssertion>'
    if "response" not in parts:
        return write(m)
    return xmlsec1_signs(template(m, parts), m.key, "Response")


# node-saml's signer (xml-crypto) and xml-encryption.


def node_signer():
    shutil.copy(judges.HERE / "judges/node_signer.mjs", judges.NODE / "node_signer.mjs")
    for algorithm in ("sha256", "sha512"):
        for parts in (["assertion"], ["response"], ["assertion", "response"]):
            order = {"text": write(Message()), "parts": parts, "algorithm": algorithm, "key": keys("idp").key_path}
            accepts(f"node-saml {algorithm}, {' and '.join(parts)} signed", node(order))
    for cipher in ("aes256-gcm", "aes128-gcm", "aes256-cbc"):
        m = Message(local_namespaces=True, sign_assertion=None)
        policy = {"allow_cbc": True} if cipher.endswith("cbc") else {}
        order = {"text": write(m), "parts": ["assertion"], "algorithm": "sha256", "key": keys("idp").key_path, "encrypt": cipher, "to": keys("sp").cert_path}
        accepts(f"node-saml signs, xml-encryption encrypts with {cipher}", node(order), policy=policy)


def node(order):
    done = subprocess.run(["node", judges.NODE / "node_signer.mjs"], input=json.dumps(order), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"node_signer.mjs: {done.stderr}")
    return done.stdout


# pysaml2's identity provider.

SP_METADATA = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID={sp}><SPSSODescriptor
protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="encryption"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">
<X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><AssertionConsumerService index="0"
Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location={acs}/></SPSSODescriptor></EntityDescriptor>"""


def pysaml2_idp(sp_metadata):
    import saml2.entity
    from saml2 import BINDING_HTTP_REDIRECT, sigver
    from saml2.config import IdPConfig
    from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
    from saml2.server import Server

    # Its templates say 3DES, which daypass refuses whatever is relaxed, and there is no setting: AES-256-CBC takes its place.
    saml2.entity.pre_encryption_part = partial(sigver.pre_encryption_part, msg_enc=X + "aes256-cbc")
    encrypt = sigver.CryptoBackendXmlSec1.encrypt_assertion
    sigver.CryptoBackendXmlSec1.encrypt_assertion = lambda self, statement, key, template, _, path: encrypt(self, statement, key, template, "aes-256", path)
    settings = {
        "entityid": IDP, "xmlsec_binary": XMLSEC1, "key_file": keys("idp").key_path, "cert_file": keys("idp").cert_path,
        "metadata": {"inline": [sp_metadata]},
        "service": {"idp": {"endpoints": {"single_sign_on_service": [("https://idp.example/sso", BINDING_HTTP_REDIRECT)]}, "policy": {"default": {
            "lifetime": {"minutes": 5}, "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"}}}},
    }  # fmt: skip
    server = Server(config=IdPConfig().load(settings))
    return server, NameID(format=NAMEID_FORMAT_PERSISTENT, text="martha@example.com")


def pysaml2_answers(server, name_id, request, sp, acs, label, encrypts):
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    for kind, settings in {
        "response signed": {"sign_response": True},
        "assertion signed": {"sign_assertion": True},
        "both signed": {"sign_response": True, "sign_assertion": True},
        "assertion signed and encrypted": {"sign_assertion": True, "encrypt_assertion": True},
        "assertion encrypted, response signed": {"sign_response": True, "encrypt_assertion": True},
    }.items():
        if "encrypt_assertion" in settings and not encrypts:
            continue
        answer = server.create_authn_response(
            {"mail": ["martha@example.com"], "givenName": ["Martha"]}, request, acs, sp, name_id=name_id,
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": IDP},
            sign_alg=RSA_SHA256, digest_alg=SHA256, **settings,
        )  # fmt: skip
        policy = {"allow_cbc": True} if "encrypt_assertion" in settings else {}
        accepts(f"pysaml2's identity provider, {label}{kind}", str(answer), "idp", request, now, IDP, sp, acs, policy=policy)


# The other direction: what daypass publishes and asks for, read from the running demo.


def fetch(url):
    """Status, headers and body; a redirect is an answer here."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        with urllib.request.build_opener(Stay, urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, dict(answer.headers), answer.read().decode()


def free_base():
    import random
    import socket

    while True:
        base = random.randrange(20000, 50000)
        try:
            for port in (base, base + 100, base + 200):
                with socket.socket() as taken:
                    taken.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base


def demo(program):
    base = free_base()
    log = tempfile.TemporaryFile("w+")
    process = subprocess.Popen([program, "--port-base", str(base)], stdout=log, stderr=log, start_new_session=True)
    try:
        broker, metadata = f"http://localhost:{base + 100}", None
        for _ in range(150):
            try:
                metadata = fetch(f"{broker}/saml/metadata")[2]
                break
            except OSError:
                time.sleep(0.2)
        expect("the demo's broker publishes metadata", metadata, "it did not start")
        if metadata:
            read_by_others(broker, metadata)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def read_by_others(broker, metadata):
    from onelogin.saml2.xml_utils import OneLogin_Saml2_XML
    from saml2 import BINDING_HTTP_REDIRECT

    tree = etree.fromstring(metadata.encode())
    found = OneLogin_Saml2_XML.validate_xml(metadata.encode(), "saml-schema-metadata-2.0.xsd")
    expect("python3-saml's schema takes our metadata", not isinstance(found, str), found)
    if tree.find(f"{{{D}}}Signature") is not None:
        verified_by_xmlsec1("our metadata", metadata, tree, "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor")
    sp = tree.get("entityID")
    server, name_id = pysaml2_idp(metadata)
    expect("pysaml2 reads our metadata", server.metadata[sp]["spsso_descriptor"], "no SPSSODescriptor")
    acs = server.metadata.assertion_consumer_service(sp)[0]["location"]
    expect("pysaml2 finds our assertion consumer service", acs.startswith(broker), acs)

    status, headers, _ = fetch(f"{broker}/signin/saml/corp")
    location = headers.get("Location", headers.get("location", ""))
    query = urlsplit(location).query
    expect("our broker redirects with an AuthnRequest", status in (302, 303) and "SAMLRequest=" in query, f"{status} {location[:80]}")
    if "SAMLRequest=" not in query:
        return
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    if "Signature" in fields:
        verified_query("our AuthnRequest", query, fields, tree)
    # pysaml2 compares the address the request was made for with its own.
    server.config.endpoint = lambda *_, **__: [location.split("?")[0]]
    request = server.parse_authn_request(fields["SAMLRequest"], BINDING_HTTP_REDIRECT)
    expect("pysaml2 reads our AuthnRequest", request.message.issuer.text == sp, request)
    # The demo has no decryption key.
    pysaml2_answers(server, name_id, request.message.id, sp, acs, "asked by our broker: ", encrypts=False)


def verified_by_xmlsec1(what, document, tree, node):
    certificate = tree.findtext(f".//{{{D}}}X509Certificate")
    pem, path = FOLDER / "ours.pem", FOLDER / "ours.xml"
    pem.write_text("-----BEGIN CERTIFICATE-----\n" + "\n".join(re.findall(".{1,64}", "".join(certificate.split()))) + "\n-----END CERTIFICATE-----\n")
    path.write_text(document, encoding="utf-8")
    verified = subprocess.run([XMLSEC1, "--verify", "--pubkey-cert-pem", pem, "--id-attr:ID", node, path], capture_output=True, text=True, check=False)
    expect(f"xmlsec1 verifies {what}", verified.returncode == 0, verified.stderr)


def verified_query(what, query, fields, tree):
    """Saml-bindings 3.4.4.1: the signature is over these octets as they came; ECDSA's is two numbers side by side."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    published = tree.findall(f".//{{*}}KeyDescriptor[@use='signing']//{{{D}}}X509Certificate")
    if not published:
        return expect(f"our metadata publishes the key of {what}", False, "no KeyDescriptor for signing")
    octets = "&".join(part for part in query.split("&") if not part.startswith("Signature=")).encode()
    key, value = x509.load_der_x509_certificate(base64.b64decode(published[0].text)).public_key(), base64.b64decode(fields["Signature"])
    try:
        if fields["SigAlg"] == MORE + "ecdsa-sha256":
            half = len(value) // 2
            numbers = utils.encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
            key.verify(numbers, octets, ec.ECDSA(hashes.SHA256()))
        else:
            assert fields["SigAlg"] == RSA_SHA256, fields["SigAlg"]
            key.verify(value, octets, padding.PKCS1v15(), hashes.SHA256())
        expect(f"OpenSSL verifies {what}", True)
    except InvalidSignature as error:
        expect(f"OpenSSL verifies {what}", False, repr(error))
    return None


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    xmlsec1_program()
    node_signer()
    metadata = SP_METADATA.format(sp=quoteattr(SP), acs=quoteattr(ACS), certificate=keys("sp").certificate_base64)
    server, name_id = pysaml2_idp(metadata)
    pysaml2_answers(server, name_id, REQUEST, SP, ACS, "", encrypts=True)
    if sys.argv[1:]:
        demo(sys.argv[1])
    print(f"{len(done)} statements, {len(problems)} do not hold")
    print("\n".join(problems))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
