"""Writes the signed responses of this folder with xmlsec1 (libxml2's canonical form, OpenSSL's signatures).

Run in this folder: python make.py. It needs xmlsec1 and openssl; keys are made anew each time and thrown away.
"""

import base64
import subprocess
import tempfile
from pathlib import Path

SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="{method}"/>
<ds:Reference URI="#{id}"><ds:Transforms>
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">{inclusive}</ds:Transform>
</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#{digest}"/><ds:DigestValue/></ds:Reference>
</ds:SignedInfo><ds:SignatureValue/></ds:Signature>"""

INCLUSIVE = '<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs unused p"/>'

RESPONSE = """<?xml version="1.0" encoding="UTF-8"?>
<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:unused="urn:unused" Version="2.0" ID="_response" InResponseTo="_request" IssueInstant="2026-06-01T12:00:00Z"
  Destination="https://sp.example/acs">
  <Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example/metadata</Issuer>{outer}
  <p:Status><p:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></p:Status>
  <a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0" ID="_assertion" IssueInstant="2026-06-01T12:00:00Z">
    <a:Issuer>https://idp.example/metadata</a:Issuer>{inner}
    <a:Subject><a:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">m&#97;rtha &amp; co &lt;x&gt;</a:NameID>
      <a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><a:SubjectConfirmationData
        Recipient="https://sp.example/acs" NotOnOrAfter="2026-06-01T12:05:00Z" InResponseTo="_request"/></a:SubjectConfirmation>
    </a:Subject>
    <a:Conditions NotBefore="2026-06-01T11:59:00Z" NotOnOrAfter="2026-06-01T12:10:00Z">
      <a:AudienceRestriction><a:Audience> https://sp.example/metadata </a:Audience></a:AudienceRestriction>
    </a:Conditions>
    <AuthnStatement xmlns="urn:oasis:names:tc:SAML:2.0:assertion" AuthnInstant="2026-06-01T11:59:50Z"><AuthnContext>
      <AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement>
    <a:AttributeStatement><a:Attribute Name="display&#10;name" FriendlyName='"n"'><a:AttributeValue
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">Z\u00fcrich\r\n\t&#13;\u20ac</a:AttributeValue></a:Attribute>
    </a:AttributeStatement>
  </a:Assertion>
</p:Response>
"""

KEYS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
}
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def make(name, kind, method, parts, inclusive="", digest="sha256"):
    with tempfile.TemporaryDirectory() as folder:
        key, certificate, work = (str(Path(folder) / part) for part in ("key.pem", "cert.pem", "work.xml"))
        subprocess.run(["openssl", "genpkey", *KEYS[kind], "-out", key], check=True, capture_output=True)
        subprocess.run(
            ["openssl", "req", "-x509", "-new", "-key", key, "-subj", "/CN=idp", "-days", "3650", "-out", certificate],
            check=True,
        )
        template = {"method": MORE + method, "inclusive": inclusive, "digest": digest}
        xml = RESPONSE.format(
            inner=SIGNATURE.format(id="_assertion", **template) if "Assertion" in parts else "",
            outer=SIGNATURE.format(id="_response", **template) if "Response" in parts else "",
        )
        Path(work).write_bytes(xml.encode())
        for part, namespace in (("Assertion", "assertion"), ("Response", "protocol")):
            if part not in parts:
                continue
            ids = []
            for element, kind_of in (("Assertion", "assertion"), ("Response", "protocol")):
                ids += ["--id-attr:ID", f"urn:oasis:names:tc:SAML:2.0:{kind_of}:{element}"]
            path = f"//*[local-name()='{part}']/*[local-name()='Signature']"
            subprocess.run(
                ["xmlsec1", "--sign", "--privkey-pem", key, *ids, "--node-xpath", path, "--output", work, work], check=True
            )
        der = base64.b64encode(
            subprocess.run(["openssl", "x509", "-in", certificate, "-outform", "DER"], check=True, capture_output=True).stdout
        )
        Path(name + ".xml").write_bytes(Path(work).read_bytes())
        Path(name + ".cert").write_bytes(der + b"\n")


make("rsa-sha256-assertion", "rsa", "rsa-sha256", ["Assertion"])
make("rsa-sha256-assertion-prefixes", "rsa", "rsa-sha256", ["Assertion"], INCLUSIVE)
make("rsa-sha512-response", "rsa", "rsa-sha512", ["Response"], digest="sha512")
make("rsa-sha384-both-prefixes", "rsa", "rsa-sha384", ["Assertion", "Response"], INCLUSIVE)
make("p256-sha256-both", "p256", "ecdsa-sha256", ["Assertion", "Response"])
make("p256-sha384-assertion", "p256", "ecdsa-sha384", ["Assertion"])
make("p384-sha256-response", "p384", "ecdsa-sha256", ["Response"])
make("p384-sha512-assertion", "p384", "ecdsa-sha512", ["Assertion"], INCLUSIVE, "sha512")
make("p521-sha512-assertion", "p521", "ecdsa-sha512", ["Assertion"])
make("p521-sha256-assertion", "p521", "ecdsa-sha256", ["Assertion"])
