"""Writes the signed metadata of this folder with xmlsec1 (libxml2's canonical form, OpenSSL's signatures).

Run in this folder: python make.py. It needs xmlsec1 and openssl; keys are made anew each time and thrown away.
"""

import subprocess
import tempfile
from pathlib import Path

SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI="#{id}"><ds:Transforms>
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces
 xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="mdui xs"/></ds:Transform>
</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference>
</ds:SignedInfo><ds:SignatureValue/></ds:Signature>"""

ENTITY = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" entityID='{entity_id}' ID="{id}" validUntil="2099-01-01T00:00:00Z">{signature}
  <!-- kept by the identity team & <nobody> else -->
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol">
    <Extensions><mdui:UIInfo><mdui:DisplayName xml:lang="de">Z\u00fcrich &amp; Bern<!-- both --> &#x10D;</mdui:DisplayName></mdui:UIInfo></Extensions>
    <KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>
{one}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>
    <KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>
{two}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>
    <SingleSignOnService Location="https://idp.example/sso" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/>
  </IDPSSODescriptor>
</EntityDescriptor>"""

AGGREGATE = """<?xml version="1.0" encoding="UTF-8"?>
<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_all" Name="federation">{signature}
{entities}
</md:EntitiesDescriptor>
"""


def key(folder, name):
    private, certificate = str(Path(folder) / f"{name}.key"), str(Path(folder) / f"{name}.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", private, "-out", certificate]
        + ["-subj", f"/CN={name}", "-days", "3650"],
        check=True,
        capture_output=True,
    )
    return private, Path(certificate).read_text()


def body(pem):
    return pem.split("-----")[2].lstrip()


def sign(folder, private, xml, element, name):
    work = Path(folder) / "work.xml"
    work.write_bytes(xml.encode())
    subprocess.run(
        ["xmlsec1", "--sign", "--privkey-pem", private]
        + ["--id-attr:ID", f"urn:oasis:names:tc:SAML:2.0:metadata:{element}", "--output", name, str(work)],
        check=True,
    )


with tempfile.TemporaryDirectory() as folder:
    signer, certificate = key(folder, "signer")
    Path("signer.pem").write_text(certificate)
    one, two = (body(key(folder, name)[1]) for name in ("one", "two"))
    fields = {"one": one, "two": two}
    idp = {"entity_id": "https://idp.example/metadata", "id": "_entity"}
    entity = ENTITY.format(signature=SIGNATURE.format(id="_entity"), **idp, **fields)
    sign(folder, signer, entity, "EntityDescriptor", "entity.xml")
    other = {"entity_id": "https://other.example/metadata", "id": "_other"}
    entities = "\n".join(ENTITY.format(signature="", **which, **fields) for which in (other, idp))
    aggregate = AGGREGATE.format(signature=SIGNATURE.format(id="_all"), entities=entities)
    sign(folder, signer, aggregate, "EntitiesDescriptor", "aggregate.xml")
