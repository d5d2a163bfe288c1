"""Damaged and hostile messages: `LIES` are signed and say something wrong, `EDITS` change a message after it was signed,
`SIGNATURES` break the rules of the signature itself. What daypass accepts of them must be exactly what was signed.
"""

import re

from documents import ACS, D, ENVELOPED, EXCLUSIVE, IDP, MORE, P, SP, X, Confirmation, Encryption
from honest import everywhere, key_info

LIES, EDITS, SIGNATURES = {}, {}, {}
# Classes of which one document is enough: a judge takes many seconds for it.
SLOW = {"very many elements"}
FORGED = "mallory@example.com"
OTHER = "https://other.example/acs"


def in_(table, name):
    def register(function):
        table[name] = function
        return function

    return register


# Signed lies: (class, what the message says instead).
for name, changes in {
    "expired conditions": dict(not_before="2026-05-01T11:00:00Z", not_on_or_after="2026-05-01T12:00:00Z"),
    "early conditions": dict(not_before="2026-06-01T12:30:00Z", not_on_or_after="2026-06-01T13:00:00Z"),
    "conditions that end before they begin": dict(not_before="2026-06-01T12:00:20Z", not_on_or_after="2026-06-01T12:00:10Z"),
    "NotOnOrAfter is now, no skew left": dict(not_on_or_after="2026-06-01T11:59:00Z", not_before="2026-06-01T11:50:00Z"),
    "expired confirmation": dict(confirmations=[Confirmation(not_on_or_after="2026-06-01T11:00:00Z")]),
    "early confirmation": dict(confirmations=[Confirmation(not_before="2026-06-01T12:03:00Z")]),
    "confirmation without NotOnOrAfter": dict(confirmations=[Confirmation(not_on_or_after=None)]),
    "other recipient": dict(confirmations=[Confirmation(recipient=OTHER)]),
    "longer recipient": dict(confirmations=[Confirmation(recipient=ACS + "/evil")]),
    "recipient in another case": dict(confirmations=[Confirmation(recipient=ACS.replace("sp.example", "SP.example"))]),
    "no recipient": dict(confirmations=[Confirmation(recipient=None)]),
    "confirmation of another request": dict(confirmations=[Confirmation(in_response_to="_other")]),
    "confirmation of no request": dict(confirmations=[Confirmation(in_response_to=None)]),
    "response to another request": dict(in_response_to="_other"),
    "all of it answers another request": dict(in_response_to="_other", confirmations=[Confirmation(in_response_to="_other")]),
    "answers no request at all": dict(in_response_to=None, confirmations=[Confirmation(in_response_to=None)]),
    "holder-of-key only": dict(confirmations=[Confirmation(method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")]),
    "sender-vouches only": dict(confirmations=[Confirmation(method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")]),
    "no confirmation": dict(confirmations=[]),
    "confirmation without data": dict(confirmations=[Confirmation(data=False)]),
    "other destination": dict(destination=OTHER),
    "longer destination": dict(destination=ACS + "/evil"),
    "destination in another case": dict(destination=ACS.upper()),
    "empty destination": dict(destination=""),
    "other audience": dict(audiences=[["https://other.example/metadata"]]),
    "longer audience": dict(audiences=[[SP + "/"]]),
    "no audience restriction": dict(audiences=[]),
    "empty audience restriction": dict(audiences=[[]]),
    "two audience restrictions, one another's": dict(audiences=[[SP], ["https://other.example/metadata"]]),
    "other issuer of the assertion": dict(issuer="https://other.example/"),
    "other issuer of the response": dict(response_issuer="https://other.example/"),
    "other issuer of both": dict(issuer="https://other.example/", response_issuer="https://other.example/"),
    "no issuer of the assertion": dict(issuer=None),
    "version 1.1 of the assertion": dict(version="1.1"),
    "version 1.1 of the response": dict(response_version="1.1"),
    "no version": dict(version=None, response_version=None),
    "refused by the identity provider": dict(status='<{p}:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><{p}:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></{p}:StatusCode>'),
    "success inside a refusal": dict(status='<{p}:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Requester"><{p}:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></{p}:StatusCode>'),
    "no status": dict(status=None),
    "no status code": dict(status=""),
    "session over": dict(statements=["2026-06-01T11:00:00Z"]),
    "assertion made in advance": dict(instant="2099-01-01T00:00:00Z"),
    "response made in advance": dict(response_instant="2099-01-01T00:00:00Z"),
    "no AuthnStatement": dict(statements=[]),
    "no subject": dict(subject=False),
    "empty NameID": dict(name_id=""),
    "NameID of blanks": dict(name_id="   "),
    "two NameIDs": dict(name_id_xml="<{a}:NameID>martha@example.com</{a}:NameID><{a}:NameID>mallory@example.com</{a}:NameID>"),
    "BaseID": dict(name_id_xml='<{a}:BaseID xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>'),
    "markup in NameID": dict(name_id_xml="<{a}:NameID>martha<b>@evil</b>@example.com</{a}:NameID>"),
    "comment in NameID": dict(name_id_xml="<{a}:NameID>martha@example.com<!-- -->.evil.example</{a}:NameID>"),
    "processing instruction in NameID": dict(name_id_xml="<{a}:NameID>martha@example.com<?x y?>.evil.example</{a}:NameID>"),
    "CDATA in NameID": dict(name_id_xml="<{a}:NameID>martha@<![CDATA[example.com]]>.evil.example</{a}:NameID>"),
    "NameID in another namespace": dict(name_id_xml='<NameID xmlns="urn:x">martha@example.com</NameID>'),
    "no Conditions": dict(conditions=False),
    "unknown condition": dict(conditions_extra='<{a}:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="urn:x" xsi:type="x:Moon"/>'),
    "foreign element in Conditions": dict(conditions_extra='<x xmlns="urn:x"/>'),
    "unreadable instant": dict(not_on_or_after="tomorrow"),
    "instant without zone": dict(not_on_or_after="2026-06-01T12:10:00"),
    "month thirteen": dict(not_on_or_after="2026-13-01T12:10:00Z"),
    "instant with a blank for T": dict(not_on_or_after="2026-06-01 12:10:00Z"),
    "instant with lower-case letters": dict(not_on_or_after="2026-06-01t12:10:00z"),
    "second sixty": dict(not_on_or_after="2026-06-30T23:59:60Z"),
    "hour twenty-four": dict(not_on_or_after="2026-06-01T24:00:00Z"),
    "year of five digits": dict(not_on_or_after="12026-06-01T12:10:00Z"),
    "empty instant": dict(not_on_or_after=""),
    "no instant on the assertion": dict(instant=None),
    "no instant on the response": dict(response_instant=None),
    "no ID on the assertion": dict(assertion_id=None),
    "no ID on the response": dict(response_id=None),
    "one ID for both": dict(assertion_id="_response"),
    "ID that is no name": dict(assertion_id="1a"),
    "unknown element in the assertion": dict(before_subject='<x xmlns="urn:x"/>'),
    "unknown attribute on the assertion": dict(assertion_extra=' x="1"'),
    "second Conditions": dict(before_subject="<{a}:Conditions/>"),
    "unknown element after the assertion": dict(after_assertion='<x xmlns="urn:x"/>'),
    "Extensions not allowed": dict(extensions='<{p}:Extensions><x xmlns="urn:x"/></{p}:Extensions>'),
    "value with markup": dict(attributes=[], attributes_xml='<{a}:Attribute Name="n"><{a}:AttributeValue>a<b xmlns="urn:b">c</b></{a}:AttributeValue></{a}:Attribute>'),
    "value with a NameID": dict(attributes=[], attributes_xml='<{a}:Attribute Name="n"><{a}:AttributeValue><{a}:NameID>persistent</{a}:NameID></{a}:AttributeValue></{a}:Attribute>', more=("n", ["persistent"])),
    "nil value": dict(attributes=[], attributes_xml='<{a}:Attribute Name="n"><{a}:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></{a}:Attribute>', more=("n", [""])),
    "comment in a value": dict(attributes=[], attributes_xml='<{a}:Attribute Name="n"><{a}:AttributeValue>Admins<!---->x</{a}:AttributeValue></{a}:Attribute>'),
    "attribute without a name": dict(attributes=[], attributes_xml="<{a}:Attribute><{a}:AttributeValue>v</{a}:AttributeValue></{a}:Attribute>"),
    "assertion in Advice": dict(advice='<{a}:Assertion ID="_advice" Version="2.0" IssueInstant="2026-06-01T12:00:00Z"><{a}:Issuer>x</{a}:Issuer><{a}:Subject><{a}:NameID>mallory@example.com</{a}:NameID></{a}:Subject></{a}:Assertion>'),
    "xml:id": dict(assertion_extra=' xml:id="_x"'),
    "second ID in a namespace": dict(assertion_extra=' xmlns:e="urn:e" e:ID="_other"'),
    "AuthzDecisionStatement alone": dict(statements=[], attributes=[], attributes_xml=""),
}.items():  # fmt: skip

    @in_(LIES, name)
    def _(m, changes=changes):
        for field, value in changes.items():
            setattr(m, field, value)


# Signatures that break a rule of their own.
for name, changes in {
    "sha1 not allowed": dict(method=D + "rsa-sha1", digest=D + "sha1"),
    "sha1 digest not allowed": dict(digest=D + "sha1"),
    "c14n 1.1": dict(transforms=(ENVELOPED, "http://www.w3.org/2006/12/xml-c14n11")),
    "no transforms": dict(transforms=()),
    "canonicalization alone": dict(transforms=(EXCLUSIVE,)),
    "canonicalization twice": dict(transforms=(ENVELOPED, EXCLUSIVE, EXCLUSIVE)),
    "XPath transform": dict(transforms=(ENVELOPED, f'<ds:Transform xmlns:ds="{D}" Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>not(ancestor-or-self::*[local-name()="NameID"])</ds:XPath></ds:Transform>', EXCLUSIVE)),
    "XSLT transform": dict(transforms=(ENVELOPED, f'<ds:Transform xmlns:ds="{D}" Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/"><x/></xsl:template></xsl:stylesheet></ds:Transform>', EXCLUSIVE)),
    "empty URI": dict(uri=""),
    "XPointer": dict(uri="#xpointer(/)"),
    "key of a stranger": dict(key="stranger"),
    "key of a stranger in KeyInfo": dict(key="stranger", key_info="stranger"),
    "small key not allowed": dict(key="small"),
    "signature of another curve": dict(key="p256", method=MORE + "ecdsa-sha256"),
}.items():  # fmt: skip

    @in_(SIGNATURES, name)
    def _(m, keys, changes=changes):
        changes = dict(changes)
        if "key" in changes:
            changes["key"] = keys(changes["key"])
        if "key_info" in changes:
            changes["key_info"] = key_info(keys(changes["key_info"]), m.d)
        everywhere(m, **changes)
        return ["small"] if name == "small key not allowed" else None


@in_(SIGNATURES, "not signed at all")
def _(m, keys): m.sign_assertion = m.sign_response = None


@in_(SIGNATURES, "not signed, but encrypted")
def _(m, keys):
    m.sign_assertion = m.sign_response = None
    m.encrypt = Encryption(keys("sp"))


@in_(SIGNATURES, "encrypted with PKCS#1 v1.5")
def _(m, keys): m.encrypt = Encryption(keys("sp"), transport=X + "rsa-1_5")


@in_(SIGNATURES, "encrypted with CBC, not allowed")
def _(m, keys): m.encrypt = Encryption(keys("sp"), data=X + "aes256-cbc")


@in_(SIGNATURES, "encrypted to another key")
def _(m, keys): m.encrypt = Encryption(keys("stranger"))


# Edits of the text after it was signed. Each takes the text and returns it changed, or None where it does not apply.
def swap(old, new, count=1):
    def change(text, rng):
        found = re.search(old, text, re.S)
        return re.sub(old, new, text, count=count, flags=re.S) if found else None

    return change


ROOT = r"^((?:<\?[^>]*\?>\s*)?<[\w:]*Response)"
for name, change in {
    "NameID edited": swap(r"(NameID[^>]*>)martha@", r"\1mallory@"),
    "group edited": swap(r">Developers<", ">Owners<"),
    "audience edited": swap(re.escape(f">{SP}<"), ">https://other.example/metadata<"),
    "time edited": swap(r"2026-06-01T12:10:00Z", "2027-06-01T12:10:00Z"),
    "comment put into NameID": swap(r"(NameID[^>]*>)martha@example.com", r"\1martha@exam<!---->ple.com"),
    "processing instruction put into NameID": swap(r"(NameID[^>]*>)martha@example.com", r"\1martha@exam<?x?>ple.com"),
    "NameID as CDATA": swap(r"(NameID[^>]*>)martha@example.com", r"\1<![CDATA[martha@example.com]]>"),
    "NameID with a reference": swap(r"(NameID[^>]*>)martha@", r"\1m&#97;rtha@"),
    "blank in an empty element": swap(r"(NameID[^>]*>)martha", r"\1 martha"),
    "space in an end tag": swap(r"NameID>", "NameID >"),
    "comment in DigestValue": swap(r"(DigestValue>)(....)", r"\1\2<!---->"),
    "second DigestValue": swap(r"(<[\w:]*DigestValue>)(.*?)(</[\w:]*DigestValue>)", r"\1\2\3\1AAAA\3"),
    "blanks in DigestValue": swap(r"(DigestValue>)(....)", r"\1 \2\n"),
    "DigestValue edited": swap(r"(DigestValue>)....", r"\1AAAA"),
    "DigestValue empty": swap(r"(DigestValue>)[^<]*", r"\1"),
    "SignatureValue empty": swap(r"(SignatureValue>)[^<]*", r"\1"),
    "SignatureValue cut": swap(r"(SignatureValue>)....", r"\1"),
    "SignatureValue longer": swap(r"(SignatureValue>)", r"\1AAAA"),
    "SignatureValue with a foreign character": swap(r"(SignatureValue>)(....)", r"\1\2*"),
    "SignatureMethod edited": swap(r"rsa-sha256", "rsa-sha512"),
    "HMAC of the certificate": swap(r"[^\"]*rsa-sha256", D + "hmac-sha1"),
    "no signature left": lambda text, rng: re.sub(r"<([\w:]*Signature)[ >].*?</\1>", "", text, flags=re.S),
    "transforms in the other order": swap(r"(<[\w:]*Transform [^>]*>(?:</[\w:]*Transform>)?)(<[\w:]*Transform [^>]*>(?:</[\w:]*Transform>)?)", r"\2\1"),
    "DOCTYPE": swap(r"^((?:<\?[^>]*\?>\s*)?)<", r"\1<!DOCTYPE x [<!ENTITY e 'martha'>]><"),
    "entity in NameID": lambda text, rng: re.sub(r"^((?:<\?[^>]*\?>\s*)?)<", r"\1<!DOCTYPE x [<!ENTITY e 'martha'>]><", text.replace("martha", "&e;", 1)),
    "comment before the root": swap(ROOT, r"<!-- x -->\1"),
    "comment after the root": lambda text, rng: text + "<!-- x -->",
    "processing instruction after the root": lambda text, rng: text + "<?x y?>",
    "text after the root": lambda text, rng: text + "x",
    "second root": lambda text, rng: text + "<x/>",
    "cut short": lambda text, rng: text[: rng.randrange(len(text) // 2, len(text) - 1)],
    "blank before the declaration": lambda text, rng: " " + text if text.startswith("<?xml") else None,
    "byte order mark": lambda text, rng: "\ufeff" + text,
    "destination of the response edited": swap(re.escape(f'Destination="{ACS}"'), f'Destination="{OTHER}"'),
    "request of the response edited": swap(r'InResponseTo="_request"', 'InResponseTo="_other"'),
    "request of the response removed": swap(r' InResponseTo="_request"', ""),
    "issuer of the response edited": swap(re.escape(f">{IDP}<"), ">https://other.example/<"),
    "status edited": swap(r"status:Success", "status:Responder"),
    "second status": swap(r"(<([\w:]*Status)>.*?</\2>)", r"\1\1"),
    "Extensions put in": swap(r"(<([\w:]*)Status>)", rf'<x:Extensions xmlns:x="{P}"><y xmlns="urn:y"/></x:Extensions>\1'),
    "unused namespace on the root": swap(ROOT, r'\1 xmlns:unused="urn:unused"'),
    "unused namespace on the assertion": swap(r"(<[\w:]*Assertion)(?= )", r'\1 xmlns:unused="urn:unused"'),
    "xml:lang on the root": swap(ROOT, r'\1 xml:lang="de"'),
    "xml:base on the root": swap(ROOT, r'\1 xml:base="urn:x"'),
    "attribute on the root": swap(ROOT, r'\1 evil="1"'),
    "ID in a namespace on the root": swap(ROOT, r'\1 xmlns:e="urn:e" e:ID="_assertion"'),
    "xml:id on the root": swap(ROOT, r'\1 xml:id="_assertion"'),
    "same ID on Status": swap(r"(<[\w:]*Status)>", r'\1 ID="_assertion">'),
    "same Id on Status": swap(r"(<[\w:]*Status)>", r'\1 Id="_assertion">'),
    "ID of the response taken from the assertion": swap(r'ID="_response"', 'ID="_assertion"'),
    "attributes of the assertion reordered": swap(r'(<[\w:]*Assertion[^>]*?)( Version="2.0")( IssueInstant="[^"]*")', r"\1\3\2"),
    "other quotes on the assertion": swap(r'(<[\w:]*Assertion[^>]*? Version=)"2.0"', r"\1'2.0'"),
    "attribute twice": swap(r'(<[\w:]*Assertion[^>]*?)( Version="2.0")', r"\1\2\2"),
    "undeclared prefix": swap(r"(<[\w:]*Status)>", r'\1 u:x="1">'),
    "line breaks as CR LF": lambda text, rng: text.replace("\n", "\r\n") if "\n" in text else None,
    "control character": swap(r"(<[\w:]*Status)>", "\\1>\x01"),
    "end tag of another name": swap(r"</([\w:]*)Status>", r"</\1Statuz>"),
    "bare ampersand": swap(r"(<[\w:]*Status>)", r"\1&"),
    "assertion twice": swap(r"(<([\w:]*Assertion)[ >].*?</\2>)", r"\1\1"),
    "forged assertion before": lambda text, rng: beside(text, before=True),
    "forged assertion after": lambda text, rng: beside(text, before=False),
    "forged assertion before, own ID": lambda text, rng: beside(text, before=True, identifier="_evil"),
    "forged assertion after, own ID": lambda text, rng: beside(text, before=False, identifier="_evil"),
    "root in another namespace": swap(re.escape(P), "urn:x"),
    "wrapped in SOAP": lambda text, rng: '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>' + re.sub(r"^<\?[^>]*\?>\s*", "", text) + "</e:Body></e:Envelope>",
    "response in a response": lambda text, rng: nested(text),
    "declared as Latin-1": lambda text, rng: '<?xml version="1.0" encoding="ISO-8859-1"?>' + re.sub(r"^<\?[^>]*\?>\s*", "", text),
    "XML 1.1": lambda text, rng: '<?xml version="1.1"?>' + re.sub(r"^<\?[^>]*\?>\s*", "", text),
    "very deep": swap(r"(<[\w:]*Status>)", lambda match: match[0] + "<x>" * 400 + "</x>" * 400),
    "very many elements": swap(r"(<[\w:]*Status>)", lambda match: match[0] + "<x/>" * 25_000),
    "very many attributes": swap(ROOT, lambda match: match[0] + "".join(f' a{n}="1"' for n in range(2_000))),
    "void canonicalization": swap(ROOT, r'\1 xmlns:v="relative"'),
    "namespace address with an ampersand": swap(ROOT, r'\1 xmlns:v="urn:a&amp;b"'),
}.items():
    EDITS[name] = change


def the_assertion(text):
    found = re.search(r"<([\w:]*Assertion)[ >].*?</\1>", text, re.S)
    return found[0] if found else None


def bare(text):
    """A copy of the assertion that says FORGED, without its signature."""
    copy = re.sub(r"<([\w:]*Signature)[ >].*?</\1>", "", text, flags=re.S)
    return copy.replace("martha@example.com", FORGED)


def beside(text, before, identifier=None):
    signed = the_assertion(text)
    if not signed:
        return None
    forged = bare(signed)
    if identifier:
        forged = forged.replace('ID="_assertion"', f'ID="{identifier}"')
    return text.replace(signed, forged + signed if before else signed + forged)


def nested(text):
    inner = re.sub(r"^<\?[^>]*\?>\s*", "", text)
    outer = bare(inner).replace('ID="_response"', 'ID="_outer"').replace('ID="_assertion"', 'ID="_evil"')
    return re.sub(r"(</[\w:]*Response>)$", lambda match: inner + match[0], outer)


# Signature wrapping (Somorovsky and others, USENIX Security 2012) in every place that can hold the signed original.
PLACES = ["before the forged one", "after the forged one", "inside the forged one", "in its Subject", "in its Advice",
          "in an attribute value", "in ds:Object", "in Extensions", "in StatusDetail", "in KeyInfo"]  # fmt: skip
SIGNATURE_PLACES = ["on the forged one", "with the original", "as child of the response"]


def wrap(text, place, where, same_id):
    """The forged assertion where the original was, the original at `place`, the signature at `where`."""
    original = the_assertion(text)
    found = original and re.search(r"<([\w:]*Signature)[ >].*?</\1>", original, re.S)
    if not found:
        return None
    sig, unsigned = found[0], original.replace(found[0], "")
    forged = bare(original) if same_id else bare(original).replace('ID="_assertion"', 'ID="_evil"')
    kept = {"with the original": original}.get(where, unsigned)
    if where == "on the forged one":
        forged = re.sub(r"(</[\w:]*Issuer>)", lambda match: match[0] + sig, forged, count=1)
    assertion_prefix = re.match(r"<([\w:]*)Assertion", original)[1]
    put = {
        "inside the forged one": lambda: re.sub(r"(</[\w:]*Assertion>)$", lambda match: kept + match[0], forged),
        "in its Subject": lambda: re.sub(r"(</[\w:]*Subject>)", lambda match: kept + match[0], forged, count=1),
        "in its Advice": lambda: re.sub(r"(</[\w:]*Conditions>)", lambda match: f"{match[0]}<{assertion_prefix}Advice>{kept}</{assertion_prefix}Advice>", forged, count=1),
        "in an attribute value": lambda: re.sub(r"(<[\w:]*AttributeValue[^>]*>)", lambda match: match[0] + kept, forged, count=1),
        "in ds:Object": lambda: re.sub(r"(</[\w:]*Signature>)", lambda match: f'<o:Object xmlns:o="{D}">{kept}</o:Object>{match[0]}', forged, count=1),
        "in KeyInfo": lambda: re.sub(r"(</[\w:]*Signature>)", lambda match: f'<o:KeyInfo xmlns:o="{D}">{kept}</o:KeyInfo>{match[0]}', forged, count=1),
    }  # fmt: skip
    if place in put:
        changed = put[place]()
        if changed == forged:
            return None
        text = text.replace(original, changed)
    elif place == "before the forged one":
        text = text.replace(original, kept + forged)
    elif place == "after the forged one":
        text = text.replace(original, forged + kept)
    elif place == "in Extensions":
        text = re.sub(r"(<[\w:]*Status>)", lambda match: f'<x:Extensions xmlns:x="{P}">{kept}</x:Extensions>{match[0]}', text.replace(original, forged), count=1)
    elif place == "in StatusDetail":
        text = re.sub(r"(</[\w:]*Status>)", lambda match: f'<x:StatusDetail xmlns:x="{P}">{kept}</x:StatusDetail>{match[0]}', text.replace(original, forged), count=1)
    if where == "as child of the response":
        text = re.sub(r"(</[\w:]*Issuer>)", lambda match: match[0] + sig, text, count=1)
    return text if sig in text else None


for place in PLACES:
    for where in SIGNATURE_PLACES:
        for same_id in (False, True):
            EDITS[f"wrapping: original {place}, signature {where}{', same ID' if same_id else ''}"] = (
                lambda text, rng, place=place, where=where, same_id=same_id: wrap(text, place, where, same_id)
            )


def wrap_response(text, place):
    """The signed response moved below a forged one."""
    inner = re.sub(r"^<\?[^>]*\?>\s*", "", text)
    found = re.search(r"<([\w:]*Signature)[ >].*?</\1>", inner, re.S)
    if not found or "#_response" not in found[0]:
        return None
    sig = found[0]
    forged = bare(inner).replace('ID="_response"', 'ID="_outer"').replace('ID="_assertion"', 'ID="_evil"')
    kept = inner.replace(sig, "")
    if place == "signature on the forged one":
        carrying = re.sub(r"(</[\w:]*Issuer>)", lambda match: match[0] + sig, forged, count=1)
        return re.sub(r"(</[\w:]*Response>)$", lambda match: kept + match[0], carrying)
    if place == "original in Object":
        end = sig.rindex("</")
        holding = f'{sig[:end]}<o:Object xmlns:o="{D}">{kept}</o:Object>{sig[end:]}'
        return re.sub(r"(</[\w:]*Issuer>)", lambda match: match[0] + holding, forged, count=1)
    return re.sub(r"(<[\w:]*Status>)", lambda match: f'<x:Extensions xmlns:x="{P}">{inner}</x:Extensions>{match[0]}', forged, count=1)


for place in ("signature on the forged one", "original in Object", "original in Extensions"):
    EDITS[f"wrapping of the response: {place}"] = lambda text, rng, place=place: wrap_response(text, place)


def damage(text, rng):
    """One blow to the bytes, anywhere."""
    at, kind = rng.randrange(len(text)), rng.randrange(6)
    to = min(len(text), at + rng.randrange(1, 40))
    if kind == 0:
        return text[:at] + text[to:]
    if kind == 1:
        return text[:at] + text[at:to] + text[at:]
    if kind == 2:
        return text[:at] + rng.choice("<>&\"'=/ ;#:AZaz09\t") + text[at:]
    if kind == 3:
        return text[:at] + rng.choice("<>&\"'=/ ;#:AZaz09\t") + text[at + 1 :]
    tags = [match.span() for match in re.finditer(r"<[^>]*>", text)]
    (a, b), (c, d) = sorted(rng.sample(tags, 2))
    if kind == 4:
        return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]
    return text[:a] + text[b:]
