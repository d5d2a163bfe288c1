"""Blows: damage to the encoding, bad signatures, and key sets that are not what they should be."""

import hashlib
import json

import tokens
from tokens import CURVES, NOW_SECONDS as T, PUBLIC, b64, claims, header, number, unb64

# Bytes of header and payload that are read.
FULL = 16 * 1024


def encodings(c):
    token = c.issuer.sign("ES256", header("ES256"), claims())
    parts = token.split(".")
    for index, part in enumerate(("header", "payload", "signature")):
        for name, change in {
            "padded": lambda text: text + "=" * (-len(text) % 4 or 4), "one = too many": lambda text: text + "=", "with a blank inside": lambda text: text[:5] + " " + text[5:],
            "with a blank before": lambda text: " " + text, "with a blank after": lambda text: text + " ", "with a line end inside": lambda text: text[:5] + "\n" + text[5:], "with a tab": lambda text: text[:5] + "\t" + text[5:],
            "with a NUL": lambda text: text + "\0", "with a question mark": lambda text: text[:5] + "?" + text[6:], "with a letter beyond ASCII": lambda text: text[:5] + "é" + text[6:], "with a percent escape": lambda text: "%" + f"{ord(text[0]):02x}" + text[1:],
            "of one character more": lambda text: text + "A", "of one character less": lambda text: text[:-1], "empty": lambda text: "",
        }.items():  # fmt: skip
            changed = [*parts[:index], change(parts[index]), *parts[index + 1 :]]
            c.add(f"encoding: {part} {name}", ".".join(changed))
    _spare_bits(c)
    _standard_alphabet(c)
    for name, text in {
        "one part": parts[0], "two parts": ".".join(parts[:2]), "four parts": token + ".AA", "four parts, the last empty": token + ".", "five parts": token + ".AA.AA", "a dot before": "." + token, "two dots between": parts[0] + ".." + ".".join(parts[1:]),
        "three dots": "...", "two dots": "..", "nothing": "", "blank": " ", "many dots": "." * 20000, "twice": token + "." + token, "twice with a blank": token + " " + token,
        "parts exchanged": ".".join([parts[1], parts[0], parts[2]]), "with Bearer": "Bearer " + token, "in quotes": f'"{token}"', "with a line end": token + "\n", "with a blank before": " " + token, "with a blank after": token + " ", "with a NUL": token + "\0", "with a BOM": "\ufeff" + token, "in capitals": token.upper(),
    }.items():  # fmt: skip
        c.add(f"encoding: {name}", text)
    flat = {"protected": parts[0], "payload": parts[1], "signature": parts[2]}
    c.add("encoding: JWS in JSON", json.dumps(flat))
    c.add("encoding: JWS in JSON", json.dumps({"payload": parts[1], "signatures": [{"protected": parts[0], "signature": parts[2]}]}))
    c.signed("encoding: token in a token", say=token)
    c.signed("encoding: token in a token with cty", head=header("ES256", cty="JWT"), say=token)
    for size in (FULL - 400, FULL + 1024, 65000):
        c.signed(
            "encoding: past the length" if size > FULL else "encoding: just within the length",
            "either",
            say=claims(extra="x" * (size * 3 // 4 - 400)),
        )
    c.add("encoding: signature of a megabyte", ".".join([*parts[:2], "A" * 1_000_000]))


def _spare_bits(c):
    """The last character says more bits than there are: the same bytes in another spelling."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for alg in ("ES256", "EdDSA", "RS256"):
        for length in range(3):
            token = c.issuer.sign(alg, json.dumps(header(alg)) + " " * length, json.dumps(claims()) + " " * length)
            parts = token.split(".")
            for index, part in enumerate(("header", "payload", "signature")):
                if len(parts[index]) % 4:
                    last = alphabet[alphabet.index(parts[index][-1]) | 1]
                    if last != parts[index][-1]:
                        c.add(
                            f"encoding: spare bits in the {part}", ".".join([*parts[:index], parts[index][:-1] + last, *parts[index + 1 :]])
                        )


def _standard_alphabet(c):
    """Base64 of the mail standards, where its two letters are needed."""
    for turn in range(200):
        token = c.issuer.sign("EdDSA", header("EdDSA", x="~~~???>>>"), claims(x=f"~~???>>> {turn}"))
        head, payload, signature = token.split(".")
        if all({"-", "_"} & set(part) for part in (head, payload, signature)):
            standard = str.maketrans("-_", "+/")
            c.add("encoding: standard alphabet", ".".join([head.translate(standard), payload, signature]))
            c.add("encoding: standard alphabet", ".".join([head, payload.translate(standard), signature]))
            c.add("encoding: standard alphabet", ".".join([head, payload, signature.translate(standard)]))
            return


def signatures(c):
    for alg in PUBLIC:
        token = c.issuer.sign(alg, header(alg), claims())
        signed, _, encoded = token.rpartition(".")
        made = unb64(encoded)
        other = c.issuer.sign(alg, header(alg), claims(sub="other")).rpartition(".")[2]
        blows = {
            "empty": b"", "one byte": b"\0", "one byte less": made[:-1], "half": made[: len(made) // 2], "one byte more": made + b"\0", "a zero before": b"\0" + made, "twice": made + made,
            "zeros": bytes(len(made)), "ones": b"\xff" * len(made), "reversed": made[::-1], "of another message": unb64(other), "of the bytes behind it": c.issuer.signature(alg, b"".join(unb64(part) for part in signed.split("."))),
        }  # fmt: skip
        for name, bad in blows.items():
            c.add(f"signature: {name}", f"{signed}.{b64(bad)}")
        rng = c.rng(f"bits {alg}")
        for _ in range(8):
            at, bit = rng.randrange(len(made)), rng.randrange(8)
            c.add("signature: a bit changed", f"{signed}.{b64(made[:at] + bytes([made[at] ^ 1 << bit]) + made[at + 1 :])}")
        c.add("signature: another key's", c.stranger.sign(alg, header(alg), claims()))
        c.add("signature: another key's, without kid", c.stranger.sign(alg, header(alg, kid=None), claims()))
        for changed in (claims(sub="mallory"), claims(groups=["Root"]), claims(exp=T + 600)):
            c.add("signature: claims changed afterwards", f"{signed.split('.')[0]}.{b64(json.dumps(changed))}.{encoded}")
        if alg in CURVES:
            _elliptic(c, alg, signed)
    _rsa(c)
    _edwards(c)


def _elliptic(c, alg, signed):
    order, width = tokens.ORDERS[alg], CURVES[alg][2]
    r, s = c.issuer.r_and_s(alg, signed.encode())
    plain = lambda r, s: b64(r.to_bytes(width, "big") + s.to_bytes(width, "big"))
    c.add("signature: its twin, r and n - s", f"{signed}.{plain(r, order - s)}", "either", True)
    c.add("signature: in DER", f"{signed}.{b64(tokens.der(r, s))}")
    c.add("signature: s and r exchanged", f"{signed}.{plain(s, r)}")
    top = (1 << 8 * width) - 1
    for one in (0, 1, order - 1, order, order + 1, top):
        for two in (0, 1, order - 1, order, order + 1, top):
            c.add("signature: r and s at the edges", f"{signed}.{plain(min(one, top), min(two, top))}")
    for more_r, more_s in ((order, 0), (0, order), (order, order)):
        if r + more_r <= top and s + more_s <= top:
            c.add("signature: r or s beyond the order", f"{signed}.{plain(r + more_r, s + more_s)}")
    c.add("signature: r is zero", f"{signed}.{plain(0, s)}")
    c.add("signature: s is zero", f"{signed}.{plain(r, 0)}")


def _rsa(c):
    modulus = c.issuer.of("RS256").public_key().public_numbers().n
    for alg in ("RS256", "PS256"):
        token = c.issuer.sign(alg, header(alg), claims())
        signed, _, encoded = token.rpartition(".")
        value = int.from_bytes(unb64(encoded), "big")
        for name, bad in {
            "plus the modulus": value + modulus,
            "minus": modulus - value,
            "one": 1,
            "the modulus less one": modulus - 1,
            "the modulus": modulus,
        }.items():
            c.add(f"signature: RSA value {name}", f"{signed}.{number(bad, max(256, (bad.bit_length() + 7) // 8))}")
        for zeros in (1, 2, 256):
            c.add("signature: RSA with zeros before", f"{signed}.{b64(bytes(zeros) + unb64(encoded))}")
    # One that begins with a zero byte, and is whole or short of it.
    for turn in range(4000):
        token = c.issuer.sign("RS256", header("RS256"), claims(turn=turn))
        signed, _, encoded = token.rpartition(".")
        made = unb64(encoded)
        if made[0] == 0:
            c.add("signature: RSA that begins with a zero", token, "accept", True)
            c.add("signature: RSA without its leading zero", f"{signed}.{b64(made[1:])}")
            return


def _edwards(c):
    order = 2**252 + 27742317777372353535851937790883648493
    token = c.issuer.sign("EdDSA", header("EdDSA"), claims())
    signed, _, encoded = token.rpartition(".")
    made = unb64(encoded)
    s = int.from_bytes(made[32:], "little")
    for times in (1, 2, 4, 8, 15):
        if s + times * order < 2**256:
            c.add("signature: Ed25519 with S + L", f"{signed}.{b64(made[:32] + (s + times * order).to_bytes(32, 'little'))}")
    small = [
        bytes(32),
        b"\x01" + bytes(31),
        b"\xec" + b"\xff" * 30 + b"\x7f",
        b"\xed" + b"\xff" * 30 + b"\x7f",
        b"\xee" + b"\xff" * 30 + b"\x7f",
        b"\x01" + bytes(30) + b"\x80",
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ]
    for point in small:
        c.add("signature: Ed25519 with a point of small order", f"{signed}.{b64(point + bytes(32))}")
        c.add("signature: Ed25519 with a point of small order", f"{signed}.{b64(point + made[32:])}")
        c.add(
            "signature: Ed25519 key of small order",
            f"{signed}.{b64(point + bytes(32))}",
            "either",
            jwks=[c.issuer.jwk("EdDSA", x=b64(point))],
        )


def key_sets(c):
    token, rsa = c.issuer.sign("ES256", header("ES256"), claims()), c.issuer.sign("RS256", header("RS256"), claims())
    own, own_rsa = c.issuer.jwk("ES256"), c.issuer.jwk("RS256")

    def given(name, jwks, expect="reject", token=token, **changes):
        c.add(f"keys: {name}", token, expect, True, jwks, **changes)

    c.add("keys: RSA of 1,024 bits", c.small.sign("RS256", header("RS256"), claims()), jwks=[c.small.jwk("RS256")])
    for name, exponent in {"1": 1, "3": 3, "2": 2, "0": 0, "2^33 + 1": 2**33 + 1, "2^64 + 1": 2**64 + 1}.items():
        c.add(f"keys: RSA with e = {name}", rsa, jwks=[{**own_rsa, "e": number(exponent, max(1, (exponent.bit_length() + 7) // 8))}])
    forged = f"{b64(json.dumps(header('RS256')))}.{b64(json.dumps(claims(sub='mallory')))}"
    c.add("keys: RSA with e = 1, and a signature for it", f"{forged}.{_encoded_message(forged)}", jwks=[{**own_rsa, "e": "AQ"}])
    for purpose in ("enc", "SIG", "", "tls"):
        given("use is not sig", [c.issuer.jwk("ES256", use=purpose)])
    given("no use", [c.issuer.jwk("ES256", use=None)], "accept")
    for operations in (["sign"], [], ["encrypt"], "verify", ["VERIFY"]):
        given("key_ops without verify", [c.issuer.jwk("ES256", key_ops=operations)])
    given("key_ops with verify", [c.issuer.jwk("ES256", key_ops=["verify"])], "accept")
    given("key_ops with sign and verify", [c.issuer.jwk("ES256", key_ops=["sign", "verify"])], "either")
    for alg in ("ES384", "RS256", "none", "ES512", "ECDH-ES", ""):
        given("alg of the key is another", [c.issuer.jwk("ES256", alg=alg)])
    given("alg of the key", [c.issuer.jwk("ES256", alg="ES256")], "accept")
    given("alg of an RSA key is PS256 and the token's RS256", [c.issuer.jwk("RS256", alg="PS256")], token=rsa)
    secret = {"kty": "oct", "kid": "secret", "k": b64(tokens.SECRET)}
    given("a secret beside", [secret, *c.issuer.jwks()], "accept")
    unknown = [
        {"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AAAA"},
        {"kty": "EC", "crv": "P-999", "kid": "x", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "kid": "y", "x": b64(bytes(32))},
        {"kty": "EC", "crv": "secp256k1", "kid": "z", "x": b64(bytes(32)), "y": b64(bytes(32))},
        {"kid": "no kty"},
        {"kty": "RSA", "kid": "no n"},
        {"kty": "RSA", "kid": "small", "n": number(2**511 + 1), "e": "AQAB"},
    ]
    for key in unknown:
        given("one beside that is of no use", [key, own], "accept")
    given("all kinds beside that are of no use", [*unknown, own], "accept")
    other = c.stranger.jwk("ES256")
    given("two of one kid, the right one first", [own, other], "reject")
    given("two of one kid, the right one last", [other, own], "reject")
    given("two of one kid and another kind", [own, {**own_rsa, "kid": "ES256"}], "either")
    given("the same key twice", [own, own], "either")
    given("a hundred and one keys", [own] + [c.issuer.jwk("ES256", kid=f"k{n}") for n in range(100)])
    given("a hundred keys", [own] + [c.issuer.jwk("ES256", kid=f"k{n}") for n in range(99)], "accept")
    private = c.issuer.of("ES256").private_numbers().private_value
    given("private members published", [c.issuer.jwk("ES256", d=number(private, 32))], "either")
    given("x5c in the key", [c.issuer.jwk("ES256", x5c=["MIIB"], x5t="AAAA")], "either")
    for name, changes in {
        "x cut": {"x": own["x"][:-2]},
        "x with zeros before": {"x": b64(bytes(2) + unb64(own["x"]))},
        "x padded": {"x": own["x"] + "="},
        "x is a number": {"x": 5},
        "no y": {"y": None},
        "y changed": {"y": own["x"]},
        "crv of another": {"crv": "P-384"},
        "crv is a number": {"crv": 5},
        "kid is a number": {"kid": 5},
        "kty of another": {"kty": "RSA"},
        "kty in lower case": {"kty": "ec"},
        "kid of 257 bytes": {"kid": "k" * 257},
    }.items():
        given(f"EC {name}", [c.issuer.jwk("ES256", **changes)])
    given("EC point at zero", [c.issuer.jwk("ES256", x=b64(bytes(32)), y=b64(bytes(32)))])
    given("n with zeros before", [{**own_rsa, "n": b64(bytes(1) + unb64(own_rsa["n"]))}], "either", rsa)
    given("n padded", [{**own_rsa, "n": own_rsa["n"] + "=="}], "reject", rsa)
    given("n in the standard alphabet", [{**own_rsa, "n": own_rsa["n"].translate(str.maketrans("-_", "+/"))}], "reject", rsa)
    for document in (
        "{}",
        "[]",
        "null",
        '{"keys":{}}',
        '{"keys":null}',
        '{"keys":[]}',
        '{"keys":[5]}',
        '{"keys":[null]}',
        json.dumps(own),
        json.dumps([own]),
        '{"keys":' + "[" * 40 + "]" * 40 + "}",
    ):
        c.add("keys: no key set", token, jwks=document if document.startswith("{") else "{" + document)
    text = json.dumps({"keys": [own]})
    c.add("keys: a name twice", token, "reject", True, text[:-1] + ',"keys":[]}')
    c.add("keys: a name twice", token, "reject", True, text.replace('"kty"', '"kty":"RSA","kty"', 1))
    c.add("keys: of 300,000 bytes", token, "reject", True, text[:-1] + ',"x":"' + "x" * 300000 + '"}')


def _encoded_message(signed):
    """The padded digest itself (RFC 8017, 9.2): what a key of exponent 1 takes for a signature."""
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(signed.encode()).digest()
    return b64(b"\0\1" + b"\xff" * (256 - 3 - len(digest)) + b"\0" + digest)


ALL = (encodings, signatures, key_sets)
