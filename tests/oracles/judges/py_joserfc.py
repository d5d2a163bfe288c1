"""The joserfc judge."""

import json
import sys
import warnings

import common
from joserfc import jws, jwt
from joserfc.jwk import KeySet

PUBLIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
SECRET = ["HS256", "HS384", "HS512"]
SKEW = 60


def judge(case):
    document = json.loads(case["jwks"])
    keys = KeySet.import_key_set(document)
    if case["use"] == "signature":
        secret = all(key["kty"] == "oct" for key in document["keys"])
        jws.deserialize_compact(case["token"], keys, algorithms=SECRET if secret else PUBLIC)
        return {"verdict": "accept", "claims": None}
    token = jwt.decode(case["token"], keys, algorithms=PUBLIC)
    wanted = {
        "iss": {"essential": True, "value": case["issuer"]}, "aud": {"essential": True, "value": case["audience"]},
        "sub": {"essential": True}, "exp": {"essential": True},
    }  # fmt: skip
    if case["nonce"] is not None:
        wanted |= {"nonce": {"essential": True, "value": case["nonce"]}, "iat": {"essential": True}}
    jwt.JWTClaimsRegistry(now=common.instant(case["now"]), leeway=SKEW, **wanted).validate(token.claims)
    return {"verdict": "accept", "claims": token.claims}


def main():
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        case = json.loads(line)
        try:
            answer = judge(case)
        except Exception as error:  # whatever a peer raises is its refusal
            answer = common.reject(error)
        print(json.dumps({"id": case["id"], **answer}), flush=True)


main()
