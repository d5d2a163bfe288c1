"""Writes canonical.jsonl: documents and their exclusive canonical form, as libxml2 (through lxml) writes it.

Run: python canonical.py > canonical.jsonl, with lxml installed. The seed is fixed, so a second run writes the same file.
"""

import json
import random

from lxml import etree

rng = random.Random(20)
PREFIXES = ["", "p", "q", "z"]
URIS = ["urn:one", "urn:two", "http://example.com/three"]
TEXTS = ["text", " ", "\n  ", "a &amp; b", "&lt;", ">", "&#xD;", "&#x9;", "\u00e9\u20ac", "'\""]
VALUES = ["1", "", "&quot;", "&#xA;", "&#x9;", "&#xD;", "&amp;", "&lt;", ">", "'", "\u00e9"]


def element(depth, scope):
    scope = dict(scope)
    declarations = ""
    for prefix in PREFIXES:
        if rng.random() < 0.3:
            uri = rng.choice(URIS)
            if not prefix and rng.random() < 0.3:
                uri = ""
            scope[prefix] = uri
            name = "xmlns:" + prefix if prefix else "xmlns"
            declarations += f' {name}="{uri}"'
    usable = [p for p in scope if p] + [""]
    prefix = rng.choice(usable)
    name = (prefix + ":" if prefix else "") + rng.choice("abc")
    attributes, seen = "", set()
    for _ in range(rng.randrange(4)):
        p, local = rng.choice(usable + ["xml"]), rng.choice(["x", "y", "lang"])
        uri = scope.get(p, p) if p else ""
        if (uri, local) in seen:
            continue
        seen.add((uri, local))
        attributes += f' {p + ":" if p else ""}{local}="{rng.choice(VALUES)}"'
    inner = ""
    for _ in range(rng.randrange(4) if depth else 0):
        inner += element(depth - 1, scope) if rng.random() < 0.6 else rng.choice(TEXTS)
    if not inner and rng.random() < 0.5:
        return f"<{name}{attributes}{declarations}/>"
    return f"<{name}{declarations}{attributes}>{inner}</{name}>"


for _ in range(200):
    xml = element(4, {})
    prefixes = rng.sample(["p", "q", "z"], rng.randrange(4))
    root = etree.fromstring(xml)
    whole = etree.tostring(root, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes or None)
    case = {"xml": xml, "prefixes": prefixes, "canonical": whole.decode()}
    # lxml copies a subtree without the prefixes it does not use, so an inner apex is compared without a prefix list.
    elements = list(root.iter())
    index = rng.randrange(len(elements))
    inner = etree.tostring(elements[index], method="c14n", exclusive=True, with_tail=False)
    case["inner"] = {"element": index, "canonical": inner.decode()}
    print(json.dumps(case))
