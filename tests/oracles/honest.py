"""Honest messages: one class a feature that real identity providers use. daypass must accept every one of them, with the
identity the message states, under the policy its class names.
"""

from documents import A, D, ENVELOPED, EXCLUSIVE, MORE, PASSWORD, SHA256, SP, X, Confirmation, Encryption, Message, Signing, named

CLASSES = {}


def honest(name, policy=None):
    def register(edit):
        CLASSES[name] = (edit, policy or {})
        return edit

    return register


def start(keys, rng):
    """A message in one of the styles that carry no meaning: prefixes, line breaks, what is signed."""
    m = Message()
    m.p, m.a, m.d = rng.choice([("samlp", "saml", "ds"), ("saml2p", "saml2", "ds"), ("p", "a", "d"), ("samlp", "saml", "")])
    m.indent = rng.choice(["", "", "\n  ", "\n"])
    m.local_namespaces = rng.random() < 0.4
    m.declaration = rng.choice(["", '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?>\n'])
    signing = Signing(keys("idp"))
    which = rng.choice(["assertion", "response", "both"])
    m.sign_assertion = signing if which != "response" else None
    m.sign_response = signing if which != "assertion" else None
    return m


def everywhere(m, **changes):
    """The same change to each signature."""
    for name in ("sign_assertion", "sign_response"):
        old = getattr(m, name)
        if old:
            setattr(m, name, Signing(**{**vars(old), **changes}))


@honest("plain")
def _(m, keys, rng): pass


for method, digest, key in [
    (MORE + "rsa-sha384", MORE + "sha384", "idp"), (MORE + "rsa-sha512", X + "sha512", "idp"), (MORE + "rsa-sha256", X + "sha512", "second"),
    (MORE + "ecdsa-sha256", SHA256, "p256"), (MORE + "ecdsa-sha384", MORE + "sha384", "p384"), (MORE + "ecdsa-sha512", X + "sha512", "p521"),
]:  # fmt: skip

    @honest(f"{method.split('#')[1]} {key}")
    def _(m, keys, rng, method=method, digest=digest, key=key):
        everywhere(m, method=method, digest=digest, key=keys(key))
        return [key]


@honest("sha1", {"allow_sha1": True})
def _(m, keys, rng): everywhere(m, method=D + "rsa-sha1", digest=D + "sha1")


@honest("rsa 1024", {"allow_small_rsa": True})
def _(m, keys, rng):
    everywhere(m, key=keys("small"))
    return ["small"]


@honest("signed by the second of two certificates")
def _(m, keys, rng):
    everywhere(m, key=keys("second"))
    return ["idp", "second"]


@honest("prefix list")
def _(m, keys, rng):
    everywhere(m, prefix_list="xs")
    m.value_extra = ' xsi:type="xs:string" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@honest("prefix list of unused prefixes")
def _(m, keys, rng): everywhere(m, prefix_list="xs xsi nowhere")


@honest("typed values")
def _(m, keys, rng): m.value_extra = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string"'


@honest("default namespaces")
def _(m, keys, rng): m.p = m.a = m.d = ""; m.local_namespaces = True


@honest("certificate in KeyInfo")
def _(m, keys, rng): everywhere(m, key_info=key_info(keys("idp"), m.d))


def key_info(key, d):
    t = lambda local: named(d, local)  # noqa: E731
    return f'<{t("KeyInfo")}><{t("X509Data")}><{t("X509Certificate")}>{key.certificate_base64}</{t("X509Certificate")}></{t("X509Data")}></{t("KeyInfo")}>'


@honest("key name in KeyInfo")
def _(m, keys, rng):
    t = lambda local: named(m.d, local)  # noqa: E731
    everywhere(m, key_info=f'<{t("KeyInfo")}><{t("KeyName")}>signing key</{t("KeyName")}></{t("KeyInfo")}>')


@honest("signature value in lines")
def _(m, keys, rng): everywhere(m, wrapped=True)


@honest("signature with an Id")
def _(m, keys, rng):
    m.sign_response = None
    m.sign_assertion = Signing(keys("idp"), attributes=' Id="_signature"')


@honest("non-ASCII values")
def _(m, keys, rng):
    m.name_id = "märtha@exämple.com"
    m.attributes = [("displayName", ["Zoë Ångström \u20ac \U0001f431"]), ("città", ["è"])]


@honest("escaped characters in values")
def _(m, keys, rng): m.attributes = [("name", ["a < b & c > d \"quoted\" 'single'"])]


@honest("line breaks in values")
def _(m, keys, rng): m.attributes = [("note", ["one\ntwo\tthree"])]


@honest("carriage return reference in a value")
def _(m, keys, rng): m.attributes = [("note", ["one\r\ntwo"])]


@honest("carriage returns between elements")
def _(m, keys, rng): m.indent = "\r\n  "


@honest("single quotes")
def _(m, keys, rng): m.name_id_attributes, m.authn_extra = " Format='urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'", " SessionIndex='_s'"


@honest("spaces inside tags")
def _(m, keys, rng): m.name_id_attributes = '\n   Format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"\n  '


@honest("character references")
def _(m, keys, rng):
    m.name_id_xml = "<{a}:NameID>m&#97;rth&#x61;@example.com</{a}:NameID>"


@honest("NameID with qualifiers")
def _(m, keys, rng): m.name_id_attributes = f' NameQualifier="{MORE}" SPNameQualifier="{SP}" SPProvidedID="x" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"'


@honest("blanks around NameID")
def _(m, keys, rng): m.name_id = "  martha@example.com  "


@honest("NameID without Format")
def _(m, keys, rng): m.name_id_attributes = ""


@honest("no attributes")
def _(m, keys, rng): m.attributes = []


@honest("many attributes")
def _(m, keys, rng): m.attributes = [(f"attribute{n}", [f"value {n}.{v}" for v in range(3)]) for n in range(20)]


@honest("FriendlyName")
def _(m, keys, rng): m.attribute_extra = ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" FriendlyName="friend"'


@honest("one attribute in two elements")
def _(m, keys, rng): m.attributes = [("groups", ["a"]), ("email", ["e@example.com"]), ("groups", ["b", "c"])]


@honest("two attribute statements")
def _(m, keys, rng): m.attributes_xml = '</{a}:AttributeStatement><{a}:AttributeStatement><{a}:Attribute Name="more"><{a}:AttributeValue>m</{a}:AttributeValue></{a}:Attribute>'; m.more = ("more", ["m"])


@honest("empty attribute value")
def _(m, keys, rng): m.attributes = [("empty", [""]), ("email", ["e@example.com"])]


@honest("attribute without values")
def _(m, keys, rng): m.attributes = [("none", []), ("email", ["e@example.com"])]


@honest("blanks around values")
def _(m, keys, rng): m.attributes = [("padded", ["  two blanks  "])]


@honest("no Destination")
def _(m, keys, rng): m.destination = None


@honest("no InResponseTo on the response")
def _(m, keys, rng): m.in_response_to = None


@honest("no Issuer on the response")
def _(m, keys, rng):
    m.response_issuer = None
    m.sign_response, m.sign_assertion = None, Signing(keys("idp"))


@honest("status message")
def _(m, keys, rng): m.status += "<{p}:StatusMessage>welcome</{p}:StatusMessage>"


@honest("status detail")
def _(m, keys, rng): m.status += '<{p}:StatusDetail><x xmlns="urn:x">1</x></{p}:StatusDetail>'


@honest("Consent")
def _(m, keys, rng): m.response_extra = ' Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"'


@honest("two audiences")
def _(m, keys, rng): m.audiences = [["https://other.example/", SP]]


@honest("two audience restrictions, both ours")
def _(m, keys, rng): m.audiences = [[SP, "https://other.example/"], [SP]]


@honest("OneTimeUse")
def _(m, keys, rng): m.conditions_extra = "<{a}:OneTimeUse/>"


@honest("ProxyRestriction")
def _(m, keys, rng): m.conditions_extra = '<{a}:ProxyRestriction Count="0"/>'


@honest("no times in Conditions")
def _(m, keys, rng): m.not_before = m.not_on_or_after = None


@honest("fractions of a second")
def _(m, keys, rng):
    m.not_before, m.not_on_or_after, m.instant = "2026-06-01T11:59:00.123Z", "2026-06-01T12:10:00.9876543Z", "2026-06-01T12:00:00.5Z"
    m.confirmations = [Confirmation(not_on_or_after="2026-06-01T12:05:00.001Z")]


@honest("times with an offset")
def _(m, keys, rng): m.not_before, m.not_on_or_after = "2026-06-01T13:59:00+02:00", "2026-06-01T14:10:00+02:00"


@honest("clock a little ahead")
def _(m, keys, rng): m.not_before = "2026-06-01T12:00:30Z"


@honest("SessionNotOnOrAfter")
def _(m, keys, rng): m.statements = ["2026-06-01T20:00:00Z"]


@honest("two AuthnStatements")
def _(m, keys, rng): m.statements = [None, "2026-06-01T20:00:00Z"]


@honest("AuthenticatingAuthority")
def _(m, keys, rng): m.authn_context = '<{a}:AuthnContextClassRef>' + PASSWORD + '</{a}:AuthnContextClassRef><{a}:AuthenticatingAuthority>https://up.example</{a}:AuthenticatingAuthority>'


@honest("AuthnContextDeclRef")
def _(m, keys, rng): m.authn_context = "<{a}:AuthnContextDeclRef>urn:x</{a}:AuthnContextDeclRef>"


@honest("no SessionIndex")
def _(m, keys, rng): m.authn_extra = ""


@honest("a second confirmation of another method")
def _(m, keys, rng): m.confirmations = [Confirmation(method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"), Confirmation()]


@honest("a second bearer confirmation for another service")
def _(m, keys, rng): m.confirmations = [Confirmation(recipient="https://other.example/acs"), Confirmation()]


@honest("address of the confirmation")
def _(m, keys, rng): m.confirmations = [Confirmation(extra=' Address="192.0.2.7"')]


@honest("NotBefore of the confirmation")
def _(m, keys, rng): m.confirmations = [Confirmation(not_before="2026-06-01T11:58:00Z")]


@honest("Advice")
def _(m, keys, rng): m.advice = "<{a}:AssertionURIRef>urn:x</{a}:AssertionURIRef>"


@honest("Extensions", {"allow_extensions": True})
def _(m, keys, rng): m.extensions = '<{p}:Extensions><x xmlns="urn:x">1</x></{p}:Extensions>'


@honest("unsolicited", {"allow_unsolicited": True})
def _(m, keys, rng):
    m.in_response_to, m.confirmations = None, [Confirmation(in_response_to=None)]


@honest("xml:lang on the response")
def _(m, keys, rng): m.response_extra = ' xml:lang="en"'


@honest("trailing line break")
def _(m, keys, rng): m.tail = "\n"


@honest("CDATA in a value")
def _(m, keys, rng):
    m.attributes = []
    m.attributes_xml = '<{a}:Attribute Name="note"><{a}:AttributeValue><![CDATA[a & b]]></{a}:AttributeValue></{a}:Attribute>'
    m.more = ("note", ["a & b"])


@honest("comment between elements")
def _(m, keys, rng): m.conditions_extra = "<!-- made by an identity provider -->"


@honest("no NameID")
def _(m, keys, rng): m.name_id = None


@honest("inclusive canonicalization of SignedInfo")
def _(m, keys, rng): everywhere(m, c14n="http://www.w3.org/TR/2001/REC-xml-c14n-20010315")


@honest("exclusive canonicalization with comments")
def _(m, keys, rng): everywhere(m, transforms=(ENVELOPED, EXCLUSIVE + "WithComments"))


@honest("inclusive canonicalization")
def _(m, keys, rng): everywhere(m, transforms=(ENVELOPED, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"))


@honest("enveloped-signature alone")
def _(m, keys, rng): everywhere(m, transforms=(ENVELOPED,))


GCM = "http://www.w3.org/2009/xmlenc11#aes{}-gcm"
CBC = X + "aes{}-cbc"
ENCRYPTIONS = {
    "aes256-gcm": (dict(), {}),
    "aes128-gcm": (dict(data=GCM.format(128)), {}),
    "aes192-gcm": (dict(data=GCM.format(192)), {"allow_aes_192": True}),
    "aes256-cbc": (dict(data=CBC.format(256)), {"allow_cbc": True}),
    "aes128-cbc": (dict(data=CBC.format(128)), {"allow_cbc": True}),
    "oaep sha256": (dict(transport="http://www.w3.org/2009/xmlenc11#rsa-oaep", oaep_digest=SHA256), {}),
    "oaep-mgf1p sha256": (dict(oaep_digest=SHA256), {}),
    "EncryptedKey beside": (dict(beside=True), {}),
}
for label, (settings, policy) in ENCRYPTIONS.items():

    @honest(f"encrypted {label}", policy)
    def _(m, keys, rng, settings=settings): m.encrypt = Encryption(keys("sp"), **settings)


@honest("encrypted, certificate hint in EncryptedKey")
def _(m, keys, rng):
    hint = f'<ds:KeyInfo xmlns:ds="{D}"><ds:X509Data><ds:X509Certificate>{keys("sp").certificate_base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>'
    m.encrypt = Encryption(keys("sp"), key_info=hint)


@honest("EncryptedID")
def _(m, keys, rng):
    xml = f'<{named(m.a, "NameID")} xmlns{":" + m.a if m.a else ""}="{A}">{m.name_id}</{named(m.a, "NameID")}>'
    m.name_id_xml = Encryption(keys("sp"), wrapper="EncryptedID")(xml, m)


@honest("EncryptedAttribute")
def _(m, keys, rng):
    m.attributes = [("email", ["e@example.com"])]
    t = lambda local: named(m.a, local)  # noqa: E731
    xml = f'<{t("Attribute")} xmlns{":" + m.a if m.a else ""}="{A}" Name="secret"><{t("AttributeValue")}>s</{t("AttributeValue")}></{t("Attribute")}>'
    m.attributes_xml = Encryption(keys("sp"), wrapper="EncryptedAttribute")(xml, m)
    m.more = ("secret", ["s"])
