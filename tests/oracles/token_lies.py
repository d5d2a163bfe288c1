"""Lies: tokens that the issuer signed, and that say what an ID token must not; and honest ones near to them."""

import hashlib
import hmac
import json

import tokens
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tokens import CLIENT, ISSUER, NONCE, NOW_SECONDS as T, PUBLIC, b64, claims, header, raw_claims, unb64

JSON_TYPES = {
    "null": "null", "true": "true", "false": "false", "zero": "0", "number": "5", "text": '"x"', "empty text": '""', "list": "[]",
    "list of null": "[null]", "list of lists": '[["x"]]', "object": "{}", "object with text": '{"x":"y"}',
}  # fmt: skip
NUMBERS = {
    "negative": ["-1", "-0"],
    "no whole number": [str(T + 0.5), f"{T}.0", f"{T // 100}e2"],
    "beyond any calendar": ["1e300", "1e400", str(2**53), str(2**53 + 1), str(2**63), str(2**64), str(2**70)],
    "far to come": [str(2**31), str(T * 1000)],
    "in quotes": [f'"{T}"'],
    "no JSON number": [f"0{T}", f"+{T}", hex(T), "NaN", "Infinity"],
}


def deep(levels):
    return "within the limit" if levels < 32 else "past the limit"


def headers(c):
    payload = b64(json.dumps(claims()))
    for none in ("none", "None", "NONE", "nOnE", "none ", ""):
        for ending in ("", "AA", b64(c.issuer.signature("ES256", b"x"))):
            c.add("header: alg none", f"{b64(json.dumps({'alg': none}))}.{payload}.{ending}")
        c.signed("header: alg none over a signature", alg="ES256", head=header("ES256", alg=none))
    for alg in PUBLIC:
        for other in [*PUBLIC, "HS256", "HS512", "RS1", "ES256K", "es256", alg.lower(), "dir", "RSA1_5", "Ed448", "ML-DSA-44"]:
            if other != alg:
                c.signed("header: another alg than signed", alg=alg, head=header(alg, alg=other))
                c.signed("header: another alg than signed, without kid", alg=alg, head=header(alg, alg=other, kid=None))
    for value in JSON_TYPES.values():
        for name in ("alg", "kid", "typ"):
            text = json.dumps(header("ES256", **{name: None}))[:-1] + f',"{name}":{value}}}'
            is_type = name == "typ" and value == '""'
            c.signed(f"header: {name} of another type" if not is_type else "header: empty typ", head=text)
    _with_public_key_as_secret(c)
    for crit in ('["x"]', '["b64"]', '["exp"]', '["alg"]', "[]", "null", '"x"', "{}", '["x","x"]', "[1]"):
        c.signed("header: crit", head=json.dumps(header("ES256"))[:-1] + f',"crit":{crit},"x":1,"exp":1}}')
    c.signed("header: crit", head=header("ES256", crit=["b64"], b64=True))
    c.signed("header: b64 without crit", head=header("ES256", b64=True))
    c.signed("header: b64 without crit", head=header("ES256", b64=False))
    _unencoded(c)
    for name, value in {
        "zip": "DEF",
        "cty": "JWT",
        "enc": "A256GCM",
        "x5t#S256": "AAAA",
        "url": "https://a.example",
        "nonce": NONCE,
    }.items():
        c.signed(f"header: {name}", "reject" if name in ("zip", "cty") else "either", head=header("ES256", **{name: value}))
    own = c.stranger.jwk("ES256")
    for name, value in {"jwk": own, "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x5u", "x5c": ["MIIB"]}.items():
        c.signed(f"header: {name}", head=header("ES256", **{name: value}))
        for identifier in ("ES256", "evil", None):
            token = c.stranger.sign("ES256", header("ES256", kid=identifier, **{name: value}), claims())
            c.add(f"header: {name} of the one who signed", token)
    for typ in (
        "at+jwt",
        "application/at+jwt",
        "logout+jwt",
        "dpop+jwt",
        "JOSE",
        "JOSE+JSON",
        "secevent+jwt",
        "token-introspection+jwt",
        "JWT ",
        "jwt/x",
        "id_token+jwt",
    ):
        c.signed("header: typ of another token", head=header("ES256", typ=typ))
    for name, identifier in {
        "unknown": "x",
        "empty": "",
        "in another case": "es256",
        "of another key": "RSA",
        "of a key of another curve": "ES384",
        "with a NUL": "ES256\0",
        "with a space": "ES256 ",
        "257 bytes": "k" * 257,
        "9000 bytes": "k" * 9000,
    }.items():
        c.signed(f"header: kid {name}", head=header("ES256", kid=identifier))
    c.signed(
        "header: no kid among keys of one kind",
        "either",
        head=header("ES256", kid=None),
        jwks=[c.issuer.jwk("ES256"), c.stranger.jwk("ES256", kid="other")],
    )
    for twice in ('"alg":"none",{}', '{},"alg":"none"', '{},"alg":"ES256"', '{},"kid":"x"', '{},"x":1,"x":1', '{},"\\u0061lg":"none"'):
        c.signed("header: a name twice", head="{" + twice.replace("{}", json.dumps(header("ES256"))[1:-1]) + "}")
    for text in (
        "[]",
        "5",
        "null",
        '"x"',
        "",
        "{",
        '{"alg":"ES256"',
        "{'alg':'ES256'}",
        '{"alg":"ES256",}',
        '{"alg":"ES256"}{}',
        '{"alg":"ES256"}x',
        '{"alg":"ES256"/**/}',
        "\ufeff" + '{"alg":"ES256"}',
        '{"alg":"ES256"}\0',
        "{}",
    ):
        c.signed("header: no JSON object with alg", head=text)
    c.signed("header: not UTF-8", head=b'{"alg":"ES256","kid":"ES256","x":"\xff"}')
    for depth in (30, 40, 500, 5000):
        c.signed(
            f"header: levels {deep(depth)}",
            "either" if depth == 30 else "reject",
            head=json.dumps(header("ES256"))[:-1] + ',"x":' + "[" * depth + "]" * depth + "}",
        )
    c.signed("header: nine thousand bytes", "either", head=header("ES256", x="y" * 9000))


def _with_public_key_as_secret(c):
    public = c.issuer.of("RS256").public_key()
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        json.dumps(c.issuer.jwk("RS256")).encode(),
        unb64(c.issuer.jwk("RS256")["n"]),
        b"",
    ):
        for alg in ("HS256", "HS384", "HS512"):
            for identifier in ("RSA", None, "ES256"):
                signed = f"{b64(json.dumps(header(alg, kid=identifier)))}.{b64(json.dumps(claims()))}"
                made = hmac.new(secret, signed.encode(), getattr(hashlib, f"sha{alg[2:]}")).digest()
                c.add("header: public key as a secret", f"{signed}.{b64(made)}")
    token = c.issuer.sign("HS256", header("HS256", kid="secret"), claims())
    secret = {"kty": "oct", "kid": "secret", "alg": "HS256", "k": b64(tokens.SECRET)}
    c.add("header: HS256 with a secret that is published", token, jwks=[*c.issuer.jwks(), secret])
    c.add("header: HS256 with a secret that is published", token, jwks=[secret])


def _unencoded(c):
    """A payload that is not encoded, as RFC 7797 signs it."""
    for text in (json.dumps(claims()), "x", b64(json.dumps(claims()))):
        head = b64(json.dumps(header("ES256", b64=False, crit=["b64"])))
        signature = b64(c.issuer.signature("ES256", f"{head}.{text}".encode()))
        c.add("header: unencoded payload", f"{head}.{text}.{signature}")
        c.add("header: detached payload", f"{head}..{signature}")


CLAIMS = "iss sub aud azp nonce exp iat nbf auth_time at_hash c_hash events acr amr email email_verified address updated_at jti".split()
# No rule is about these: they are passed on.
PASSED_ON = "acr amr email email_verified address updated_at".split()


def claim_types(c):
    for name in CLAIMS:
        for kind, value in JSON_TYPES.items():
            is_text = value in ('"x"', '""') and name in ("sub", "jti", "at_hash", "c_hash", "azp", "nonce", "iss", "aud")
            is_number = value in ("0", "5") and name in ("nbf", "iat", "exp", "auth_time")
            if is_text or is_number:
                other = name in ("azp", "nonce", "iss", "aud", "exp")
                c.signed(f"claim: {name} is {kind}", "reject" if other else "either", say=raw_claims(name, value))
            else:
                stated = "either" if name in (*PASSED_ON, "auth_time") else "reject"
                c.signed(f"claim: {name} of another type", stated, say=raw_claims(name, value))
        if name in ("iss", "sub", "aud", "nonce", "exp", "iat", "auth_time"):
            c.signed(f"claim: no {name}", "either" if name == "auth_time" else "reject", say=claims(**{name: None}))
        own = json.dumps(claims().get(name, "x"))
        for twice in (f'"{name}":{own}', f'"{name}":"other"', f'"{name}":null'):
            text = raw_claims(name, own)
            c.signed(f"claim: {name} twice", say=text[:-1] + "," + twice + "}")
            c.signed(f"claim: {name} twice", say="{" + twice + "," + text[1:])
    c.signed("claim: a foreign one twice", say=raw_claims("x", "1")[:-1] + ',"x":2}')
    c.signed("claim: one twice inside an object", say=raw_claims("x", '{"a":1,"a":2}'))
    c.signed("claim: iss twice by an escape", say=raw_claims("iss", json.dumps(ISSUER))[:-1] + ',"i\\u0073s":"https://evil.example"}')
    for depth in (30, 40, 400):
        c.signed(f"claim: levels {deep(depth)}", "either" if depth == 30 else "reject", say=raw_claims("x", "[" * depth + "]" * depth))
    for text in (
        "[]",
        "5",
        "null",
        '"x"',
        "",
        "{",
        "{}",
        "claims",
        "\ufeff" + json.dumps(claims()),
        json.dumps(claims()) + "\0",
        json.dumps(claims()) + "{}",
        json.dumps(claims())[:-1] + ",}",
        json.dumps(claims()).replace('"', "'"),
        json.dumps(claims()).replace("true", "True"),
    ):
        c.signed("claim: no JSON object", say=text)
    c.signed("claim: not UTF-8", say=json.dumps(claims()).encode().replace(b"martha", b"marth\xe1"))
    c.signed("claim: UTF-16", say=json.dumps(claims()).encode("utf-16"))
    c.signed("claim: overlong UTF-8", say=json.dumps(claims()).encode().replace(b"martha", b"marth\xc1\xa1"))
    c.signed("claim: lone surrogate", say=tokens.spelled("martha", "marth\\ud800"))
    c.signed("claim: control character unescaped", say=tokens.spelled("martha", "mar\ntha"))
    for name, subject in {"256 bytes": "s" * 256, "NUL": "martha\0", "line end": "martha\n", "blank": " "}.items():
        c.signed(
            "claim: sub blank" if name == "blank" else "claim: sub too long, or with control characters",
            "either" if name == "blank" else "reject",
            say=claims(sub=subject),
        )


OFFSETS = (-86400, -301, -300, -61, -60, -59, -1, 0, 1, 59, 60, 61, 299, 300, 301, 86399, 86400, 86401, 864000, 31536000)


def when(offset):
    """Where clocks a minute apart and lifetimes of a day divide the offsets from now."""
    for most, name in ((-61, "long past"), (-60, "a minute past"), (0, "just past"), (60, "just to come"), (86400, "to come")):
        if offset <= most:
            return name
    return "days to come"


def instants(c):
    for name in ("exp", "iat", "nbf", "auth_time"):
        for kind, values in NUMBERS.items():
            for value in values:
                c.signed(f"time: {name} {kind}", "either", say=raw_claims(name, value))
    for offset in OFFSETS:
        past, future = ("reject" if offset <= -60 else "either"), ("reject" if offset > 60 else "either")
        c.signed(f"time: exp {when(offset)}", past, say=claims(exp=T + offset, iat=min(T, T + offset - 300)))
        c.signed(f"time: iat {when(offset)}", future, say=claims(iat=T + offset, exp=max(T, T + offset) + 300))
        c.signed(f"time: nbf {when(offset)}", future, say=claims(nbf=T + offset, exp=max(T, T + offset) + 300))
        c.signed(f"time: auth_time {when(offset)}", "either", say=claims(auth_time=T + offset))
    for seconds in (-300, -1, 0, 1, 86400, 86401, 864000):
        stated = "either" if 0 < seconds <= 86400 else "reject"
        length = "a day and more" if seconds > 86400 else "no time" if seconds <= 0 else "a second" if seconds == 1 else "a day"
        c.signed(f"time: good for {length}", stated, say=claims(iat=T - 10, exp=T - 10 + seconds))
    c.signed("time: issued an hour ago, good for a day", "either", say=claims(iat=T - 3600, exp=T + 82800))


def parties(c):
    for name, issuer in {
        "trailing slash": ISSUER + "/",
        "in another case": ISSUER.upper(),
        "of a scheme in capitals": ISSUER.replace("https", "HTTPS"),
        "of a host in capitals": ISSUER.replace("idp", "IDP"),
        "over http": ISSUER.replace("https", "http"),
        "without scheme": ISSUER[8:],
        "with a port": ISSUER.replace(".example", ".example:443"),
        "with a query": ISSUER + "?a",
        "with a fragment": ISSUER + "#a",
        "with a dot": ISSUER + "/.",
        "with a blank": ISSUER + " ",
        "with a NUL": ISSUER + "\0",
        "of another tenant": ISSUER + "2",
        "encoded": ISSUER.replace("tenant", "%74enant"),
        "another": "https://evil.example",
        "with a user": ISSUER.replace("idp", "x@idp"),
        "a list with ours": [ISSUER],
        "a list with ours among others": ["https://evil.example", ISSUER],
    }.items():
        c.signed(f"issuer: {name}", say=claims(iss=issuer))
    audiences = {
        "another": "client-2", "in another case": CLIENT.upper(), "with a blank": CLIENT + " ", "a prefix": CLIENT[:-1], "longer": CLIENT + "1",
        "an empty list": [], "a list of an empty text": [""], "another in a list": ["client-2"], "a list in a list": [[CLIENT]],
        "ours and a number": [CLIENT, 5], "ours and null": [CLIENT, None], "ours with commas": f"{CLIENT},client-2", "ours with a blank between": f"{CLIENT} client-2",
    }  # fmt: skip
    for name, audience in audiences.items():
        c.signed(f"audience: {name}", say=claims(aud=audience))
    for azp in (None, CLIENT, "client-2"):
        c.signed("audience: ours and another", say=claims(aud=[CLIENT, "client-2"], azp=azp))
        c.signed("audience: ours last of three", say=claims(aud=["client-2", "client-3", CLIENT], azp=azp))
        c.signed("audience: a hundred and one", say=claims(aud=[CLIENT] * 101, azp=azp))
    c.signed("audience: ours twice and no azp", "either", say=claims(aud=[CLIENT, CLIENT]))
    for azp in ("client-2", "", CLIENT.upper(), CLIENT + " "):
        c.signed("azp: another", say=claims(azp=azp))
    for name, nonce in {
        "another": "x",
        "in another case": NONCE.upper(),
        "a prefix": NONCE[:-1],
        "longer": NONCE + "x",
        "with a blank": NONCE + " ",
        "in a list": [NONCE],
    }.items():
        c.signed(f"nonce: {name}", say=claims(nonce=nonce))
    c.signed(
        "events: logout token",
        head=header("ES256", typ="logout+jwt"),
        say=claims(events={"http://schemas.openid.net/event/backchannel-logout": {}}, nonce=None),
    )
    c.signed(
        "events: logout token with a nonce and no typ",
        head=header("ES256", typ=None),
        say=claims(events={"http://schemas.openid.net/event/backchannel-logout": {}}),
    )
    c.signed("audience: the judge expects another", "reject", audience="client-2")
    c.signed("issuer: the judge expects another", "reject", issuer=ISSUER + "/")


ALL = (headers, claim_types, instants, parties)
