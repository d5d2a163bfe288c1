"""The pysaml2 judge (it starts the xmlsec1 program for every signature)."""

from datetime import datetime, timedelta, timezone
from xml.sax.saxutils import quoteattr

import common
from saml2 import BINDING_HTTP_POST, time_util
from saml2.client import Saml2Client
from saml2.config import SPConfig

METADATA = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID={entity_id}>
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>
</IDPSSODescriptor></EntityDescriptor>"""
KEY = """<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"""

clients = {}


def client(case):
    policy = case.get("policy") or {}
    unsolicited = bool(policy.get("allow_unsolicited")) and case["request_id"] is None
    keys = tuple(case["idp_certs"])
    wanted = (policy.get("want_response_signed"), policy.get("want_assertion_signed"), policy.get("clock_skew_s", 60))
    context = (keys, case["idp_entity_id"], case["sp_entity_id"], case["acs_url"], case.get("sp_key"), unsolicited, wanted)
    if context not in clients:
        keys = "".join(KEY.format(common.certificate(path)) for path in keys)
        settings = {
            "entityid": case["sp_entity_id"],
            "xmlsec_binary": "/usr/bin/xmlsec1",
            "accepted_time_diff": wanted[2],
            "allow_unknown_attributes": True,
            "metadata": {"inline": [METADATA.format(entity_id=quoteattr(case["idp_entity_id"]), keys=keys)]},
            "service": {
                "sp": {
                    "endpoints": {"assertion_consumer_service": [(case["acs_url"], BINDING_HTTP_POST)]},
                    "allow_unsolicited": unsolicited,
                    "want_response_signed": bool(wanted[0]),
                    "want_assertions_signed": bool(wanted[1]),
                    "want_assertions_or_response_signed": True,
                }
            },
        }
        if case.get("sp_key"):
            settings["encryption_keypairs"] = [{"key_file": case["sp_key"]}]
        clients[context] = Saml2Client(SPConfig().load(settings))
    return clients[context]


def prepare(case):
    now = common.instant(case["now"])
    today = datetime.fromtimestamp(now, timezone.utc)
    time_util.utc_now = lambda: now
    time_util.time_in_a_while = lambda **delta: today + timedelta(**delta)
    time_util.time_a_while_ago = lambda **delta: today - timedelta(**delta)
    return client(case)


def judge(sp, case, form_value):
    outstanding = {case["request_id"]: "/"} if case["request_id"] is not None else {}
    response = sp.parse_authn_request_response(form_value, BINDING_HTTP_POST, outstanding)
    if response is None or response.assertion is None or not response.assertions:
        return {"verdict": "reject", "reason": "no response came out"}
    attributes = {}
    for statement in response.assertion.attribute_statement:
        for attribute in statement.attribute:
            values = [value.text or "" for value in attribute.attribute_value]
            attributes.setdefault(attribute.name or "", []).extend(values)
    name_id = response.name_id.text if response.name_id is not None else None
    return {"verdict": "accept", "name_id": name_id or "", "attributes": attributes}


common.run(judge, prepare)
