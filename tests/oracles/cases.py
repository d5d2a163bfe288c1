"""The cases of a run: the public vectors, and documents generated from a seed.

Each case has a `class` (what it tries), and what is true of it: `expect` is accept (an honest message), reject (a signed lie or
a bad signature) or signed (edited after signing: accepting is safe if it yields exactly what was signed).
"""

import json
import random
from functools import partial
from pathlib import Path

import hostile
import honest
import keys as key_ring
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from documents import ACS, IDP, NOW, REQUEST, SP, write

PARTS = ["assertion", "response", "both"]
# What is signed makes a difference to an edit afterwards more often than to what is said before.
PARTS_OF = {"lie": ["assertion", "response"], "signature": PARTS, "edit": PARTS}
HONEST_EACH, DAMAGED = 3, 150


def generated(folder, seed):
    """The documents of `seed`, written below `folder`."""
    keys = partial(lambda name, folder: key_ring.key(name, folder), folder=str(folder / "keys"))
    made = []

    def add(kind, name, text, m, trusted, policy, expect, part=None):
        name_id, attributes = m.truth()
        for extra in [m.more] if hasattr(m, "more") else []:
            attributes.setdefault(extra[0], []).extend(extra[1])
        identifier = f"{kind}-{len(made):04}"
        path = folder / f"{identifier}.xml"
        path.write_bytes((text + getattr(m, "tail", "")).encode("utf-8", "surrogatepass"))
        made.append({
            "id": identifier, "class": f"{kind}: {name}" + (f" [{part}]" if part else ""), "path": str(path),
            "idp_certs": [keys(one).cert_path for one in trusted or ["idp"]], "sp_key": keys("sp").key_path, "idp_entity_id": IDP,
            "sp_entity_id": SP, "acs_url": ACS, "request_id": None if "allow_unsolicited" in policy else REQUEST, "now": NOW,
            "policy": policy, "expect": expect, "name_id": name_id, "attributes": attributes,
        })  # fmt: skip

    for name, (change, policy) in honest.CLASSES.items():
        for turn in range(HONEST_EACH):
            rng = random.Random(f"{seed} honest {name} {turn}")
            m = honest.start(keys, rng)
            trusted = change(m, keys, rng)
            add("honest", name, write(m), m, trusted, policy, "accept")
    for kind, table, expect in (("lie", hostile.LIES, "reject"), ("signature", hostile.SIGNATURES, "reject"), ("edit", hostile.EDITS, "signed")):
        for name, change in table.items():
            for part in PARTS_OF[kind]:
                rng = random.Random(f"{seed} {kind} {name} {part}")
                m = signed(honest.start(keys, rng), part, keys)
                trusted, text = None, None
                if kind == "lie":
                    change(m)
                elif kind == "signature":
                    trusted = change(m, keys)
                if name in hostile.SLOW and part != "response":
                    continue
                if kind == "edit":
                    text = change(write(m), rng)
                elif can_be_signed(m, part):
                    text = write(m)
                if text is not None:
                    add(kind, name, text, m, trusted, {}, expect, part)
    for turn in range(DAMAGED):
        rng = random.Random(f"{seed} damage {turn}")
        part = PARTS[turn % 3]
        m = signed(honest.start(keys, rng), part, keys)
        add("damage", "one blow", hostile.damage(write(m), rng), m, None, {}, "signed", part)
    return made


def can_be_signed(m, part):
    """Whether each signature has an element of its own to refer to."""
    if m.response_id is None or m.assertion_id is None:
        return part == ("assertion" if m.response_id is None else "response")
    return m.response_id != m.assertion_id or part != "both"


def signed(m, part, keys):
    signing = honest.Signing(keys("idp"))
    m.sign_assertion = signing if part != "response" else None
    m.sign_response = signing if part != "assertion" else None
    return m


def public(vectors, folder):
    """The public vectors, with absolute paths, and certificates around bare keys."""
    stranger = key_ring.key("stranger", str(folder / "keys"))
    found = []
    for line in (vectors / "cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        certificates = []
        for path in case["idp_certs"]:
            certificate = vectors / path
            if "PUBLIC KEY" in certificate.read_text(encoding="ascii"):
                wrapped = folder / "keys" / f"bare-{Path(path).stem}.pem"
                key_ring.certify(load_pem_public_key(certificate.read_bytes()), wrapped, stranger.private)
                certificate = wrapped
            certificates.append(str(certificate))
        found.append({
            **case, "class": f"vector: {case['id']}", "path": str(vectors / case["path"]), "idp_certs": certificates,
            # Without an entity id in the case, a lone dash stands for a name nobody has.
            "idp_entity_id": case["idp_entity_id"] or "-", "sp_entity_id": case["sp_entity_id"] or "-", "acs_url": case["acs_url"] or "-",
            "sp_key": str(vectors / case["sp_key"]) if case["sp_key"] else None,
        })  # fmt: skip
    return found
