"""The tokens of a run: honest ones, every lie that was thought of, damage at random, and the public vectors.

Each case has a `class` (what it tries), `signed` (the signed part of the token if the issuer signed it, else null), and
`expect`: accept (an honest token), reject (a lie or a bad signature) or either (only that the judges agree).
"""

import json
import random
import re
from pathlib import Path

import token_blows
import token_lies
import tokens
from tokens import CLIENT, ISSUER, NONCE, NOW, NOW_SECONDS as T, PUBLIC, Keys, b64, claims, header, unb64

MUTATIONS = 3000


class Cases:
    def __init__(self, folder, seed):
        self.issuer, self.stranger = Keys("issuer", folder), Keys("stranger", folder)
        self.small, self.made, self.seed = Keys("small", folder), [], seed

    def rng(self, name):
        return random.Random(f"{self.seed} {name}")

    def add(self, name, token, expect="reject", signed=None, jwks=None, use="id_token", **changes):
        """`signed` is True where the token is as the issuer signed it."""
        jwks = {"keys": jwks or self.issuer.jwks()} if not isinstance(jwks, (str, dict)) else jwks
        whose = token.rsplit(".", 1)[0] if signed is True else signed
        self.made.append({
            "id": f"token-{len(self.made):05}", "class": name, "token": token, "jwks": jwks if isinstance(jwks, str) else json.dumps(jwks),
            "issuer": ISSUER, "audience": CLIENT, "nonce": NONCE if use == "id_token" else None, "now": NOW, "use": use,
            "expect": expect, "signed": whose, **changes,
        })  # fmt: skip

    def signed(self, name, expect="reject", alg="ES256", head=None, say=None, **changes):
        """A token that the issuer did sign."""
        token = self.issuer.sign(alg, head if head is not None else header(alg), say if say is not None else claims())
        self.add(name, token, expect, signed=True, **changes)

    def mutated(self, name, original, token):
        """A token after damage, unless that changed nothing; one that only has spare bits is of the class of such tokens."""
        if token == original:
            return
        before, after = original.split("."), token.split(".")
        for part, one, other in zip(("header", "payload", "signature"), before, after):
            alike = len(after) == 3 and len(one) == len(other) and one[:-1] == other[:-1] and re.fullmatch(r"[\w-]+", other, re.ASCII)
            if alike and one != other and unb64(one) == unb64(other):
                return self.add(f"encoding: spare bits in the {part}", token)
        self.add(f"mutation: {name}", token, "either", original.rpartition(".")[0] if before[:-1] == after[:-1] else None)


def generated(folder, seed):
    cases = Cases(str(folder / "keys"), seed)
    for part in (honest, *token_lies.ALL, *token_blows.ALL, workloads, mutations):
        part(cases)
    return cases.made


def honest(c):
    for alg in PUBLIC:
        for typ in (None, "JWT", "jwt", "application/jwt"):
            c.signed(f"honest: {alg}", "accept", alg, header(alg, typ=typ))
        c.add(f"honest: {alg}, bare signature", c.issuer.sign(alg, header(alg), "no claims"), "accept", True, use="signature", nonce=None)
    for alg in ("HS256", "HS384", "HS512"):
        secret = {"keys": [{"kty": "oct", "kid": alg, "alg": alg, "k": b64(tokens.SECRET)}]}
        c.add(f"honest: {alg}, bare signature", c.issuer.sign(alg, header(alg), claims()), "accept", True, secret, "signature", nonce=None)
    c.signed("honest: Ed25519 by its own name", "accept", "EdDSA", header("EdDSA", alg="Ed25519"))
    c.signed("honest: audience in a list", "accept", say=claims(aud=[CLIENT]))
    c.signed("honest: azp is ours", "accept", say=claims(azp=CLIENT))
    c.signed("honest: audience twice in the list", "accept", say=claims(aud=[CLIENT, CLIENT], azp=CLIENT))
    c.signed("honest: unknown header parameter", "accept", head=header("ES256", x="y", x5t="AAAA"))
    c.signed(
        "honest: nested and foreign claims", "accept", say=claims(realm={"roles": ["a", {"b": [None, 1.5]}]}, name="Žofia 💡", address={})
    )
    c.signed("honest: escapes in names and values", "accept", say=tokens.spelled('"sub"', '"s\\u0075b"').replace("martha", "m\\u0061rtha"))
    c.signed("honest: white space between", "accept", head=json.dumps(header("ES256"), indent=2), say=json.dumps(claims(), indent=2))
    c.signed("honest: four hundred groups", "accept", say=claims(groups=[f"group-{n}" for n in range(400)]))
    c.signed("honest: nine thousand bytes", "accept", say=claims(extra="x" * 9000))
    c.signed("honest: longest subject", "accept", say=claims(sub="s" * 255))
    c.signed("honest: kid of 256 bytes", "accept", head=header("ES256", kid="k" * 256), jwks=[c.issuer.jwk("ES256", kid="k" * 256)])
    c.signed(
        "honest: no kid, and one key that fits",
        "accept",
        head=header("ES256", kid=None),
        jwks=[c.issuer.jwk("ES256"), c.issuer.jwk("RS256")],
    )
    c.signed("honest: no kid in either", "accept", head=header("ES256", kid=None), jwks=[c.issuer.jwk("ES256", kid=None)])
    c.signed(
        "honest: kid like a path", "accept", head=header("ES256", kid="../a' OR 1=1"), jwks=[c.issuer.jwk("ES256", kid="../a' OR 1=1")]
    )


def workloads(c):
    """What is presented for credentials: no nonce, and another type of token may do."""
    plain = {"nonce": None, "auth_time": None}

    def given(name, expect="reject", head=None, **changes):
        c.signed(f"workload: {name}", expect, head=head, say=claims(**{**plain, **changes}), use="workload")

    given("honest", "accept")
    given("no iat", "accept", iat=None)
    given("no iat, and good for ten days", iat=None, exp=T + 864000)
    given("a nonce", "accept", nonce=NONCE)
    given("subject of 2,048 bytes", "accept", sub="s" * 2048)
    given("subject of 2,049 bytes", sub="s" * 2049)
    for typ in ("at+jwt", "application/at+jwt", "AT+JWT"):
        given("access token", "accept", header("ES256", typ=typ), client_id="x", jti="1")
        given("access token without client_id", head=header("ES256", typ=typ), jti="1")
        given("access token without jti", head=header("ES256", typ=typ), client_id="x")
    given("typ JOSE", "either", header("ES256", typ="JOSE"))
    for typ in ("logout+jwt", "dpop+jwt", "secevent+jwt"):
        given("typ of another use", head=header("ES256", typ=typ))
    given("events", events={})
    given("azp is ours and aud another", "either", aud="client-2", azp=CLIENT)
    given("azp is another", aud=CLIENT, azp="client-2")
    given("audience ours and another", aud=[CLIENT, "client-2"])
    for name in ("iss", "sub", "aud", "exp"):
        given(f"no {name}", **{name: None})
    token = c.issuer.sign("RS256", header("RS256"), claims(**plain))
    for ending in ("\n", "\r\n", "\n\n"):
        c.add("workload: a line end behind it", token + ending, "accept", token.rpartition(".")[0], use="workload")
    for around in (" " + token, token + " ", token + "\t", "\n" + token, token + "\0"):
        c.add("workload: white space around it", around, use="workload")


def mutations(c):
    """Damage at random, of which nobody can say beforehand what it does; only what was signed may come out."""
    rng, letters = c.rng("mutations"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    originals = {alg: c.issuer.sign(alg, header(alg), claims()) for alg in PUBLIC}
    everything = [
        claims(**{name: value})
        for name in claims()
        for value in (None, 0, -1, 2**53, 1e300, "", "x", [], ["x"], {}, True, [ISSUER], [CLIENT, "x"])
    ]
    for turn in range(MUTATIONS):
        alg = rng.choice(PUBLIC)
        token = originals[alg]
        at = rng.randrange(len(token))
        kind = turn % 6
        if kind == 0:
            c.mutated("one character", token, token[:at] + rng.choice(letters) + token[at + 1 :])
        elif kind == 1:
            c.mutated(
                "a character in or out",
                token,
                token[:at] + rng.choice(["", rng.choice(letters) + token[at], ".", "=", " ", "+"]) + token[at + 1 :],
            )
        elif kind == 2:
            index, parts = rng.randrange(3), token.split(".")
            decoded = bytearray(unb64(parts[index]))
            decoded[rng.randrange(len(decoded))] ^= 1 << rng.randrange(8)
            parts[index] = b64(bytes(decoded))
            c.mutated("one bit", token, ".".join(parts))
        elif kind == 3:
            parts, others = token.split("."), originals[rng.choice(PUBLIC)].split(".")
            index = rng.randrange(3)
            c.mutated("a part of another token", token, ".".join([*parts[:index], others[index], *parts[index + 1 :]]))
        elif kind == 4:
            say = dict(rng.choice(everything))
            say.update(rng.choice(everything)) if rng.random() < 0.3 else None
            c.signed("mutation: claims, signed", "either", alg, say=say)
        else:
            text = bytearray(json.dumps(claims()).encode())
            for _ in range(rng.randrange(1, 4)):
                place = rng.randrange(len(text))
                text[place : place + rng.randrange(3)] = rng.choice(
                    [b"", b'"', b"{", b"}", b",", b":", b"0", b"\\u0000", b"\xff", b"e9", b"-", b"[", b"null"]
                )
            c.signed("mutation: bytes of the claims, signed", "either", alg, say=bytes(text))


def public(vectors):
    """Wycheproof's tokens and those of the JOSE cookbook: bare signatures."""
    found = []

    def add(name, token, jwks):
        found.append({
            "id": name, "class": f"vector: {name}", "token": token, "jwks": json.dumps({"keys": jwks}), "issuer": ISSUER, "audience": CLIENT, "nonce": None,
            "now": NOW, "use": "signature", "expect": "either", "signed": token.rpartition(".")[0],
        })  # fmt: skip

    for file in ("json_web_signature", "json_web_key"):
        document = json.loads((vectors / "wycheproof" / f"{file}_test.json").read_text(encoding="utf-8"))
        for group in document["testGroups"]:
            key = group.get("public", group.get("private"))
            for case in group["tests"]:
                add(f"wycheproof {file} {case['tcId']}", case["jws"], key.get("keys", [key]))
    cookbook = vectors / "jose-cookbook"
    for path in [
        *sorted((cookbook / "jws").glob("*.json")),
        cookbook / "curve25519/jws.json",
        *sorted((cookbook / "jwe").glob("*.json")),
        *sorted((cookbook / "rfc7797").glob("*.json")),
    ]:
        case = json.loads(path.read_text(encoding="utf-8"))
        compact, key = case.get("output", {}).get("compact"), case.get("input", {}).get("key")
        if compact and isinstance(key, dict):
            given = {**key, "alg": case["input"]["alg"]} if key["kty"] == "oct" and "alg" in case["input"] else key
            add(f"cookbook {Path(path).parent.name} {Path(path).stem.split('.')[0]}", compact, [given])
    return found
