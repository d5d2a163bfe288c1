"""Holds daypass's exclusive canonicalization to libxml2's on generated documents: the same bytes, or the document is shown.

    canonical.py [--seed N] [--count N]

libxml2 works through xmlsec1's own machinery (a signature over the element, its digest compared) and through lxml. A document
that differs is made smaller until nothing can be left out.
"""

import argparse
import base64
import hashlib
import json
import random
import subprocess
import sys
import time

import judges
import xmlsec
from documents import D, ENVELOPED, EXCLUSIVE, X
from lxml import etree

PREFIXES = ["", "p", "q", "z", "saml", "xs"]
URIS = ["urn:one", "urn:two", "http://example.com/three", "urn:oasis:names:tc:SAML:2.0:assertion", "urn:x?a=b;c"]
TEXTS = ["text", " ", "\n  ", "\r\n", "\t", "a &amp; b", "&lt;", "&gt;", ">", "]]&gt;", "&#xD;", "&#13;\n", "&#x9;", "&#xA;", "\u00e9\u20ac", "\U0001f431", "&#x1F431;", "'\"", "\u2028", "\u0085"]
VALUES = ["1", "", "&quot;", "&#xA;", "&#x9;", "&#xD;", "&amp;", "&lt;", ">", "'", "\u00e9", "a\tb", "a\nb", "a\r\nb", " two  blanks ", "\U0001f431"]


class Node:
    """An element that can lose any of its parts and still be written."""

    def __init__(self, name, declarations, attributes, content, quote, empty):
        self.name, self.declarations, self.attributes, self.content = name, declarations, attributes, content
        self.quote, self.empty = quote, empty

    def text(self):
        parts = [(f"xmlns:{p}" if p else "xmlns", uri) for p, uri in self.declarations] + self.attributes
        quoted = "".join(f" {name}={q}{value}{q}" for name, value in parts for q in [self.quote if self.quote not in value else '"'])
        if not self.content and self.empty:
            return f"<{self.name}{quoted}/>"
        return f"<{self.name}{quoted}>" + "".join(c if isinstance(c, str) else c.text() for c in self.content) + f"</{self.name}>"

    def smaller(self):
        """Every document with one part less."""
        for field in ("declarations", "attributes", "content"):
            parts = getattr(self, field)
            for at in range(len(parts)):
                yield self.having(field, parts[:at] + parts[at + 1 :])
        for at, child in enumerate(self.content):
            if isinstance(child, Node):
                yield from (self.having("content", self.content[:at] + [one] + self.content[at + 1 :]) for one in child.smaller())

    def having(self, field, value):
        parts = {**vars(self), field: value}
        return Node(**parts)


def element(rng, depth, scope, ids):
    scope, declarations = dict(scope), []
    for prefix in PREFIXES:
        if rng.random() < 0.25:
            uri = "" if not prefix and rng.random() < 0.3 else rng.choice(URIS)
            scope[prefix] = uri
            declarations.append((prefix, uri))
    usable = [prefix for prefix in scope if prefix] + [""]
    prefix, attributes, seen = rng.choice(usable), [], set()
    for _ in range(rng.randrange(5)):
        p, local = rng.choice([*usable, "xml"]), rng.choice(["x", "y", "lang", "Name", "a-b", "\u00e9"])
        if p == "xml" and local not in ("lang",):
            continue
        if (scope.get(p, p) if p else "", local) not in seen:
            seen.add((scope.get(p, p) if p else "", local))
            attributes.append((f"{p}:{local}" if p else local, rng.choice(VALUES)))
    if rng.random() < 0.5:
        ids.append(f"_{len(ids)}")
        attributes.insert(rng.randrange(len(attributes) + 1), ("ID", ids[-1]))
    rng.shuffle(declarations)
    content = [
        element(rng, depth - 1, scope, ids) if rng.random() < 0.6 else rng.choice(TEXTS) for _ in range(rng.randrange(5) if depth else 0)
    ]
    return Node((prefix + ":" if prefix else "") + rng.choice(["a", "b", "Assertion"]), declarations, attributes, content, rng.choice("'\""), rng.random() < 0.5)


def ask(questions):
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    command = [str(judges.DAYPASS), "saml", "canonicalize", "--batch", "-"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert len(answers) == len(questions), done.stderr
    return answers


TEMPLATE = """<Signature xmlns="{d}"><SignedInfo><CanonicalizationMethod Algorithm="{exc}"/><SignatureMethod Algorithm="{mac}"/>
<Reference URI="#{id}"><Transforms><Transform Algorithm="{env}"/><Transform Algorithm="{exc}">{list}</Transform></Transforms>
<DigestMethod Algorithm="{sha}"/><DigestValue/></Reference></SignedInfo><SignatureValue/></Signature>"""
LIST = '<e:InclusiveNamespaces xmlns:e="{}" PrefixList="{}"/>'
KEY = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, b"only the digest is read")


def parsed(document):
    return etree.fromstring(document.encode(), etree.XMLParser(resolve_entities=False))


def xmlsec_digest(document, identifier, prefixes):
    """What xmlsec1 digests when a signature refers to the element of this ID."""
    root = parsed(document)
    xmlsec.tree.add_ids(root, ["ID"])
    listed = LIST.format(EXCLUSIVE, " ".join(prefixes)) if prefixes else ""
    names = {"d": D, "exc": EXCLUSIVE, "mac": "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "env": ENVELOPED, "sha": X + "sha256"}
    signature = etree.fromstring(TEMPLATE.format(id=identifier, list=listed, **names))
    root.append(signature)
    context = xmlsec.SignatureContext()
    context.key = KEY
    context.sign(signature)
    return signature.findtext(f".//{{{D}}}DigestValue").strip()


def lxml_bytes(document, identifier, prefixes):
    """The same through lxml. It copies a subtree without prefixes that stand unused: with a list, only the root compares."""
    node = parsed(document)
    if identifier is not None:
        if prefixes and node.get("ID") != identifier:
            return None
        node = next(one for one in node.iter() if one.get("ID") == identifier)
    return etree.tostring(node, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes or None, with_tail=False).decode()


def differs(question, answer):
    """What is wrong with the answer, if anything."""
    document, identifier, prefixes = question["xml"], question["element_id"], question["prefixes"]
    if answer.get("canonical") is None:
        return f"refused: {answer['check']}: {answer['reason']}"
    ours = answer["canonical"]
    if base64.b64encode(hashlib.sha256(ours.encode()).digest()).decode() != answer["sha256"]:
        return "the digest is not that of the bytes"
    theirs = lxml_bytes(document, identifier, prefixes)
    if theirs is not None and theirs != ours:
        return f"libxml2 writes {theirs!r}\n  daypass writes {ours!r}"
    if identifier is not None and xmlsec_digest(document, identifier, prefixes) != answer["sha256"]:
        return f"xmlsec1 digests something else than {ours!r}"
    return None


def shrink(node, question):
    """A smallest document that still differs."""
    problem = None
    while True:
        for smaller in node.smaller():
            asked = {**question, "xml": smaller.text()}
            if asked["element_id"] is not None and f"ID={smaller.quote}" not in asked["xml"] and asked["element_id"] not in asked["xml"]:
                continue
            try:
                parsed(asked["xml"])
                problem = differs(asked, ask([asked])[0])
            except (etree.XMLSyntaxError, StopIteration):
                continue
            if problem:
                node, question = smaller, asked
                break
        else:
            return question, problem


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", default="1")
    arguments.add_argument("--count", type=int, default=4000)
    arguments = arguments.parse_args()
    nodes, questions = [], []
    for number in range(arguments.count):
        rng, ids = random.Random(f"{arguments.seed} canonical {number}"), []
        node = element(rng, rng.choice([2, 3, 4]), {}, ids)
        nodes.append(node)
        questions.append({
            "id": number, "xml": node.text(), "element_id": rng.choice([*ids, *ids, None]),
            "prefixes": rng.sample(["p", "q", "z", "xs", "nowhere"], rng.choice([0, 0, 1, 2, 4])),
        })  # fmt: skip
    began, wrong, of_elements = time.monotonic(), 0, 0
    for node, question, answer in zip(nodes, questions, ask(questions), strict=True):
        of_elements += question["element_id"] is not None
        if differs(question, answer):
            wrong += 1
            if wrong <= 5:
                smallest, problem = shrink(node, question)
                print(f"document {question['id']}: {json.dumps(smallest)}\n  {problem or differs(question, answer)}")
    size = sum(len(question["xml"]) for question in questions)
    print(
        f"{len(questions)} documents of {size // 1024} KiB together, {of_elements} of them by the ID of an element: {wrong} differ"
        f" ({time.monotonic() - began:.1f} s)"
    )
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
