"""The python3-saml judge (lxml and xmlsec in process)."""

from urllib.parse import urlsplit

import common
from onelogin.saml2 import utils
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def prepare(case):
    policy = case.get("policy") or {}
    certificates = [common.certificate(path) for path in case["idp_certs"]]
    sp = {"entityId": case["sp_entity_id"], "assertionConsumerService": {"url": case["acs_url"]}}
    if case.get("sp_key"):
        with open(case["sp_key"], encoding="ascii") as file:
            sp["privateKey"] = file.read()
    settings = {
        "strict": True,
        "sp": sp,
        "idp": {
            "entityId": case["idp_entity_id"],
            "singleSignOnService": {"url": "https://idp.example/sso", "binding": REDIRECT},
            "x509certMulti": {"signing": certificates, "encryption": certificates[:1]},
        },
        "security": {
            "rejectDeprecatedAlgorithm": not policy.get("allow_sha1"),
            "wantMessagesSigned": bool(policy.get("want_response_signed")),
            "wantAssertionsSigned": bool(policy.get("want_assertion_signed")),
            "wantAttributeStatement": False,
            "allowRepeatAttributeName": True,
            "rejectUnsolicitedResponsesWithInResponseTo": True,
        },
    }
    now = common.instant(case["now"])
    utils.OneLogin_Saml2_Utils.now = staticmethod(lambda: now)
    return OneLogin_Saml2_Settings(settings, sp_validation_only=False)


def judge(settings, case, form_value):
    acs = urlsplit(case["acs_url"])
    request = {
        "https": "on" if acs.scheme == "https" else "off",
        "http_host": acs.netloc,
        "script_name": acs.path,
    }
    response = OneLogin_Saml2_Response(settings, form_value)
    response.is_valid(request, case["request_id"], raise_exceptions=True)
    attributes = {
        name: [value if isinstance(value, str) else str(value) for value in values]
        for name, values in response.get_attributes().items()
    }
    return {"verdict": "accept", "name_id": response.get_nameid(), "attributes": attributes}


common.run(judge, prepare)
