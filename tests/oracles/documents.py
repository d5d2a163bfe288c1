"""Writes responses as identity providers write them, and signs and encrypts them with xmlsec1 and OpenSSL.

Nothing here is shared with daypass: the text is a template, libxml2 canonicalises, xmlsec1 digests and signs, and the
values are put back into the text, so that the document keeps every quote, reference and blank as it was written.
"""

import base64
import copy
import os
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from cryptography.hazmat.primitives import hashes, padding as block_padding
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

IDP, SP, ACS = "https://idp.example/metadata", "https://sp.example/metadata", "https://sp.example/acs"
REQUEST, NOW = "_request", "2026-06-01T12:00:00Z"
P, A = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
D, X = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmlenc#"
MORE, EXCLUSIVE = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = D + "enveloped-signature"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
RSA_SHA256, SHA256 = MORE + "rsa-sha256", X + "sha256"


@dataclass
class Signing:
    """How one element is signed; templates of xmlsec1 do the rest."""

    key: object
    method: str = RSA_SHA256
    digest: str = SHA256
    c14n: str = EXCLUSIVE
    transforms: tuple = (ENVELOPED, EXCLUSIVE)
    prefix_list: str = ""
    key_info: str = ""
    uri: str | None = None
    wrapped: bool = False  # values broken into lines of 64
    attributes: str = ""


@dataclass
class Confirmation:
    method: str = BEARER
    recipient: str | None = ACS
    not_before: str | None = None
    not_on_or_after: str | None = "2026-06-01T12:05:00Z"
    in_response_to: str | None = REQUEST
    extra: str = ""
    content: str = ""
    data: bool = True


@dataclass
class Message:
    """Everything a response says. What is None is left out."""

    response_id: str | None = "_response"
    assertion_id: str | None = "_assertion"
    in_response_to: str | None = REQUEST
    destination: str | None = ACS
    response_issuer: str | None = IDP
    issuer: str | None = IDP
    response_version: str | None = "2.0"
    version: str | None = "2.0"
    response_instant: str | None = "2026-06-01T12:00:00Z"
    instant: str | None = "2026-06-01T12:00:00Z"
    status: str | None = f'<{{p}}:StatusCode Value="{SUCCESS}"/>'
    name_id: str | None = "martha@example.com"
    name_id_attributes: str = ' Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"'
    name_id_xml: str | None = None
    confirmations: list = field(default_factory=lambda: [Confirmation()])
    not_before: str | None = "2026-06-01T11:59:00Z"
    not_on_or_after: str | None = "2026-06-01T12:10:00Z"
    audiences: list = field(default_factory=lambda: [[SP]])
    conditions_extra: str = ""
    conditions: bool = True
    statements: list = field(default_factory=lambda: [None])  # SessionNotOnOrAfter of each AuthnStatement
    authn_context: str = f"<{{a}}:AuthnContextClassRef>{PASSWORD}</{{a}}:AuthnContextClassRef>"
    authn_extra: str = ' SessionIndex="_session"'
    attributes: list = field(default_factory=lambda: [("email", ["martha@example.com"]), ("groups", ["Admins", "Developers"])])
    attribute_extra: str = ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"'
    value_extra: str = ""
    attributes_xml: str = ""
    extensions: str = ""
    advice: str = ""
    response_extra: str = ""
    assertion_extra: str = ""
    after_assertion: str = ""
    before_subject: str = ""
    subject: bool = True
    declaration: str = ""
    p: str = "samlp"
    a: str = "saml"
    d: str = "ds"
    indent: str = ""
    local_namespaces: bool = False  # each assertion declares what it uses
    sign_response: Signing | None = None
    sign_assertion: Signing | None = None
    encrypt: object = None

    def truth(self):
        found = {}
        for name, values in self.attributes:
            found.setdefault(name, []).extend(values)
        return self.name_id, found

    def copy(self):
        return copy.deepcopy(self)


def named(prefix, local):
    return f"{prefix}:{local}" if prefix else local


def attribute(name, value):
    return "" if value is None else f" {name}={quoteattr(value)}"


def declare(prefix, uri):
    return f' xmlns:{prefix}="{uri}"' if prefix else f' xmlns="{uri}"'


def signature(signing, target, d):
    """The template of one signature, its two values still to be filled in."""
    t = lambda local: named(d, local)  # noqa: E731
    transforms = ""
    for uri in signing.transforms:
        inner = ""
        if uri.startswith("<"):
            transforms += uri
            continue
        if uri == EXCLUSIVE and signing.prefix_list:
            inner = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{signing.prefix_list}"/>'
        transforms += f'<{t("Transform")} Algorithm="{uri}">{inner}</{t("Transform")}>'
    if transforms:
        transforms = f'<{t("Transforms")}>{transforms}</{t("Transforms")}>'
    uri = f"#{target}" if signing.uri is None else signing.uri
    return (
        f'<{t("Signature")}{declare(d, D)}{signing.attributes}><{t("SignedInfo")}>'
        f'<{t("CanonicalizationMethod")} Algorithm="{signing.c14n}"/><{t("SignatureMethod")} Algorithm="{signing.method}"/>'
        f'<{t("Reference")} URI="{uri}">{transforms}<{t("DigestMethod")} Algorithm="{signing.digest}"/>'
        f'<{t("DigestValue")}>@@digest {target}@@</{t("DigestValue")}></{t("Reference")}></{t("SignedInfo")}>'
        f'<{t("SignatureValue")}>@@value {target}@@</{t("SignatureValue")}>{signing.key_info}</{t("Signature")}>'
    )


def assertion(m):
    a, gap = m.a, m.indent
    t = lambda local: named(a, local)  # noqa: E731
    fill = lambda text: text.replace("{a}:", f"{a}:" if a else "").replace("{p}:", f"{m.p}:" if m.p else "")  # noqa: E731

    def element(local, text, extra=""):
        return f"<{t(local)}{extra}>{text}</{t(local)}>"

    namespaces = declare(a, A) if (m.local_namespaces or m.encrypt or not a) else ""
    if namespaces or m.encrypt:
        namespaces += ' xmlns:xs="http://www.w3.org/2001/XMLSchema"' if m.local_namespaces or m.encrypt else ""
    out = f'<{t("Assertion")}{namespaces}{attribute("ID", m.assertion_id)}{attribute("Version", m.version)}{attribute("IssueInstant", m.instant)}{m.assertion_extra}>'
    parts = []
    if m.issuer is not None:
        parts.append(element("Issuer", escape(m.issuer)))
    if m.sign_assertion:
        parts.append(signature(m.sign_assertion, m.assertion_id or "", m.d))
    parts.append(fill(m.before_subject))
    if m.subject:
        subject = ""
        if m.name_id_xml is not None:
            subject = fill(m.name_id_xml)
        elif m.name_id is not None:
            subject = element("NameID", escape(m.name_id), m.name_id_attributes)
        for one in m.confirmations:
            data = (
                f'<{t("SubjectConfirmationData")}{attribute("Recipient", one.recipient)}{attribute("NotBefore", one.not_before)}'
                f'{attribute("NotOnOrAfter", one.not_on_or_after)}{attribute("InResponseTo", one.in_response_to)}{one.extra}'
            )
            data += f'>{one.content}</{t("SubjectConfirmationData")}>' if one.content else "/>"
            subject += f'{gap}<{t("SubjectConfirmation")}{attribute("Method", one.method)}>{data if one.data else ""}</{t("SubjectConfirmation")}>'
        parts.append(element("Subject", subject))
    if m.conditions:
        restrictions = "".join(
            element("AudienceRestriction", gap.join(element("Audience", escape(one)) for one in audiences)) for audiences in m.audiences
        )
        times = attribute("NotBefore", m.not_before) + attribute("NotOnOrAfter", m.not_on_or_after)
        parts.append(element("Conditions", gap + restrictions + fill(m.conditions_extra), times))
    if m.advice:
        parts.append(element("Advice", fill(m.advice)))
    for end in m.statements:
        extra = ' AuthnInstant="2026-06-01T11:59:50Z"' + m.authn_extra + attribute("SessionNotOnOrAfter", end)
        parts.append(element("AuthnStatement", element("AuthnContext", fill(m.authn_context)), extra))
    if m.attributes or m.attributes_xml:
        attributes = ""
        for name, values in m.attributes:
            inner = "".join(element("AttributeValue", escape(value, {"\r": "&#13;"}), m.value_extra) for value in values)
            attributes += element("Attribute", inner, attribute("Name", name) + m.attribute_extra) + gap
        parts.append(element("AttributeStatement", attributes + fill(m.attributes_xml)))
    return out + gap + gap.join(part for part in parts if part) + gap + f'</{t("Assertion")}>'


def write(m, sign=None):
    """The document: signed from the inside out, encrypted in between. `sign` may leave the signatures to somebody else."""
    sign = sign or filled_in
    text = assertion(m)
    a, p, gap = m.a, m.p, m.indent
    if m.encrypt:
        if m.sign_assertion:
            text = sign(text, m.assertion_id, m.sign_assertion)
        text = m.encrypt(text, m)
    namespaces = declare(p, P) + (declare(a, A) if a and not m.local_namespaces else "")
    namespaces += ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    fill = lambda part: part.replace("{a}:", f"{a}:" if a else "").replace("{p}:", f"{p}:" if p else "")  # noqa: E731
    issuer = ""
    if m.response_issuer is not None:
        # Inside a response whose prefix is the default one, Issuer has to say its namespace.
        extra = "" if (a and not m.local_namespaces) else declare(a, A)
        issuer = f'<{named(a, "Issuer")}{extra}>{escape(m.response_issuer)}</{named(a, "Issuer")}>'
    status = f'<{named(p, "Status")}>{fill(m.status)}</{named(p, "Status")}>' if m.status is not None else ""
    parts = [issuer, signature(m.sign_response, m.response_id, m.d) if m.sign_response else "", fill(m.extensions), status, text, fill(m.after_assertion)]
    document = (
        f'{m.declaration}<{named(p, "Response")}{namespaces}{attribute("ID", m.response_id)}{attribute("InResponseTo", m.in_response_to)}'
        f'{attribute("Version", m.response_version)}{attribute("IssueInstant", m.response_instant)}{attribute("Destination", m.destination)}{m.response_extra}>'
        + gap + gap.join(part for part in parts if part) + gap + f'</{named(p, "Response")}>'
    )
    if m.sign_assertion and not m.encrypt:
        document = sign(document, m.assertion_id, m.sign_assertion)
    if m.sign_response:
        document = sign(document, m.response_id, m.sign_response)
    return document


def filled_in(document, target, signing):
    """Lets xmlsec1 compute both values of the signature over `target` and puts them into the text as it stands."""
    root = etree.fromstring(document.encode(), etree.XMLParser(huge_tree=True, resolve_entities=False))
    xmlsec.tree.add_ids(root, ["ID"])
    path = f'//ds:Signature[ds:SignedInfo/ds:Reference/ds:DigestValue="@@digest {target}@@"]'
    node = root.xpath(path, namespaces={"ds": D})[0]
    for value in node.xpath("./ds:SignedInfo/ds:Reference/ds:DigestValue | ./ds:SignatureValue", namespaces={"ds": D}):
        value.text = None
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(signing.key.key_path, xmlsec.KeyFormat.PEM)
    key_info = node.find(f"{{{D}}}KeyInfo")
    if key_info is not None:  # stays as it was written
        node.remove(key_info)
    context.sign(node)
    digest = node.findtext(f"./{{{D}}}SignedInfo/{{{D}}}Reference/{{{D}}}DigestValue")
    value = node.findtext(f"./{{{D}}}SignatureValue")
    # The digest is signed as it stands, with the line break that xmlsec1 puts into long ones.
    values = ["".join(value.split()), digest]
    if signing.wrapped:
        values[0] = "\n" + "\n".join(values[0][at : at + 64] for at in range(0, len(values[0]), 64)) + "\n"
    document = document.replace(f"@@value {target}@@", values[0])
    return document.replace(f"@@digest {target}@@", values[1])


@dataclass
class Encryption:
    """Turns the text of an element into `wrapper` around it, encrypted to `key`."""

    key: object
    data: str = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
    transport: str = X + "rsa-oaep-mgf1p"
    oaep_digest: str = D + "sha1"
    beside: bool = False
    wrapper: str = "EncryptedAssertion"
    key_info: str = ""

    def __call__(self, text, m):
        size = 16 if "128" in self.data else 24 if "192" in self.data else 32
        secret, plain = os.urandom(size), text.encode()
        if self.data.endswith("gcm"):
            nonce = os.urandom(12)
            cipher_text = nonce + AESGCM(secret).encrypt(nonce, plain, None)
        else:
            iv, padder = os.urandom(16), block_padding.ANSIX923(128).padder()
            encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
            cipher_text = iv + encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
        digest = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha512": hashes.SHA512}[self.oaep_digest.split("#")[1]]()
        mgf, extra = hashes.SHA1(), f'<ds:DigestMethod xmlns:ds="{D}" Algorithm="{self.oaep_digest}"/>'
        if self.transport.endswith("rsa-oaep"):
            mgf = digest
            extra += f'<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1{digest.name}"/>'
        oaep = padding.OAEP(padding.MGF1(mgf), digest, None)
        if self.transport.endswith("rsa-1_5"):
            oaep, extra = padding.PKCS1v15(), ""
        sealed = base64.b64encode(self.key.private.public_key().encrypt(secret, oaep)).decode()
        hint = '<xenc:ReferenceList><xenc:DataReference URI="#_data"/></xenc:ReferenceList>' if self.beside else ""
        encrypted_key = (
            f'<xenc:EncryptedKey xmlns:xenc="{X}" Id="_key"><xenc:EncryptionMethod Algorithm="{self.transport}">{extra}</xenc:EncryptionMethod>{self.key_info}'
            f"<xenc:CipherData><xenc:CipherValue>{sealed}</xenc:CipherValue></xenc:CipherData>{hint}</xenc:EncryptedKey>"
        )
        inside = encrypted_key
        if self.beside:
            inside = f'<ds:RetrievalMethod Type="{X}EncryptedKey" URI="#_key"/>'
        data = (
            f'<xenc:EncryptedData xmlns:xenc="{X}" Id="_data" Type="{X}Element"><xenc:EncryptionMethod Algorithm="{self.data}"/>'
            f'<ds:KeyInfo xmlns:ds="{D}">{inside}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{base64.b64encode(cipher_text).decode()}'
            "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
        )
        extra = "" if (m.a and not m.local_namespaces) else declare(m.a, A)
        name = named(m.a, self.wrapper)
        return f"<{name}{extra}>{data}{encrypted_key if self.beside else ''}</{name}>"
