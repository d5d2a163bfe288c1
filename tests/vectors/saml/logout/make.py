"""Writes the logout messages of this folder as identity providers send them.

HTTP-POST: signed by xmlsec1 (libxml2's canonical form, OpenSSL's signatures). HTTP-Redirect: deflated by zlib, escaped in the
ways that different servers have, signed by openssl. Run in this folder: python make.py. Keys are made anew each time and
thrown away.
"""

import base64
import json
import subprocess
import tempfile
import zlib
from pathlib import Path
from urllib.parse import quote, quote_plus

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="{method}"/>
<ds:Reference URI="#_message"><ds:Transforms>
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference>
</ds:SignedInfo><ds:SignatureValue/></ds:Signature>"""

REQUEST = """<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0" ID="_message"
  IssueInstant="2026-06-01T12:00:00Z" NotOnOrAfter="2026-06-01T12:05:00Z" Destination="https://sp.example/slo"
  Reason="urn:oasis:names:tc:SAML:2.0:logout:user">
  <Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example/metadata</Issuer>{signature}
  <a:NameID xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" NameQualifier="https://idp.example/metadata"
    Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">m&#97;rtha &amp; co</a:NameID>
  <p:SessionIndex>s-1</p:SessionIndex><p:SessionIndex>s-2</p:SessionIndex>
</p:LogoutRequest>
"""

RESPONSE = """<p:LogoutResponse xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0" ID="_message"
  IssueInstant="2026-06-01T12:00:00Z" InResponseTo="_request" Destination="https://sp.example/slo">
  <Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example/metadata</Issuer>{signature}
  <p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>
</p:LogoutResponse>
"""

KEYS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
}


def run(*command, data=None):
    return subprocess.run(command, check=True, capture_output=True, input=data).stdout


def keys(folder, kind):
    key, certificate = str(Path(folder) / "key.pem"), str(Path(folder) / "cert.pem")
    run("openssl", "genpkey", *KEYS[kind], "-out", key)
    run("openssl", "req", "-x509", "-new", "-key", key, "-subj", "/CN=idp", "-days", "3650", "-out", certificate)
    der = run("openssl", "x509", "-in", certificate, "-outform", "DER")
    return key, base64.b64encode(der).decode()


def posted(message, kind, method):
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = keys(folder, kind)
        work = str(Path(folder) / "work.xml")
        Path(work).write_text(message.format(signature=SIGNATURE.format(method=MORE + method)))
        name = "LogoutRequest" if "LogoutRequest" in message else "LogoutResponse"
        run("xmlsec1", "--sign", "--privkey-pem", key, "--id-attr:ID", f"urn:oasis:names:tc:SAML:2.0:protocol:{name}",
            "--output", work, work)
        return {"carried": "post", "message": name, "xml": Path(work).read_text(), "certificate": certificate}


def fixed_width(der, width=32):
    """r || s out of the two INTEGERs of an ECDSA signature in DER."""
    values, rest = [], der[2:]
    for _ in range(2):
        length = rest[1]
        values.append(int.from_bytes(rest[2 : 2 + length], "big").to_bytes(width, "big"))
        rest = rest[2 + length :]
    return b"".join(values)


def redirected(message, kind, method, escape=quote_plus, relay_state="a b/c", order=None, fold=False, before=""):
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = keys(folder, kind)
        name = "SAMLRequest" if "LogoutRequest" in message else "SAMLResponse"
        xml = message.format(signature="")
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        deflated = deflater.compress(xml.encode()) + deflater.flush()
        encoded = base64.encodebytes(deflated) if fold else base64.b64encode(deflated)
        parameters = {name: escape(encoded.decode())}
        if relay_state is not None:
            parameters["RelayState"] = escape(relay_state)
        parameters["SigAlg"] = escape(MORE + method)
        octets = "&".join(f"{key}={value}" for key, value in parameters.items())
        value = run("openssl", "dgst", "-" + method.split("-")[1], "-sign", key, data=octets.encode())
        value = fixed_width(value) if kind == "p256" else value
        parameters["Signature"] = escape(base64.b64encode(value).decode())
        query = "&".join(f"{key}={parameters[key]}" for key in order or parameters)
        return {"carried": "redirect", "message": name.replace("SAML", "Logout"), "query": before + query,
                "relay_state": relay_state, "certificate": certificate}


def small_hexadecimal(text):
    """As .NET escapes: %2b, not %2B."""
    escaped = quote_plus(text)
    return "".join(part if n == 0 else "%" + part[:2].lower() + part[2:] for n, part in enumerate(escaped.split("%")))


def least(text):
    """Only what must be escaped: / and : and = stand as they are."""
    return quote(text, safe="/:=,")


CASES = {
    "post-rsa-sha256": posted(REQUEST, "rsa", "rsa-sha256"),
    "post-rsa-sha512": posted(REQUEST, "rsa", "rsa-sha512"),
    "post-p256": posted(REQUEST, "p256", "ecdsa-sha256"),
    "post-response": posted(RESPONSE, "rsa", "rsa-sha256"),
    "redirect-rsa-sha256": redirected(REQUEST, "rsa", "rsa-sha256"),
    "redirect-rsa-sha512": redirected(REQUEST, "rsa", "rsa-sha512"),
    "redirect-p256": redirected(REQUEST, "p256", "ecdsa-sha256"),
    "redirect-without-relay-state": redirected(REQUEST, "rsa", "rsa-sha256", relay_state=None),
    "redirect-empty-relay-state": redirected(REQUEST, "rsa", "rsa-sha256", relay_state=""),
    "redirect-small-hexadecimal": redirected(REQUEST, "rsa", "rsa-sha256", escape=small_hexadecimal),
    "redirect-least-escaped": redirected(REQUEST, "rsa", "rsa-sha256", escape=least),
    "redirect-folded-base64": redirected(REQUEST, "rsa", "rsa-sha256", fold=True),
    "redirect-other-order": redirected(
        REQUEST, "rsa", "rsa-sha256", order=["Signature", "SigAlg", "RelayState", "SAMLRequest"]
    ),
    "redirect-beside-others": redirected(REQUEST, "rsa", "rsa-sha256", before="tenant=1&lang=&"),
    "redirect-response": redirected(RESPONSE, "rsa", "rsa-sha256"),
}

with open("messages.jsonl", "w", encoding="utf-8") as out:
    for name, case in CASES.items():
        out.write(json.dumps({"name": name, **case}) + "\n")
