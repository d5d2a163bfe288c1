"""Feeds the same tokens to daypass and to four other implementations, and holds the differences to a list.

token_differential.py                  the run of `scripts/test oracles`; comparison.py has the options
"""

import json
import os
import time
from collections import defaultdict
from pathlib import Path

import comparison
import judges
import token_cases
import tokens
from comparison import ACCEPTS, HONEST_REFUSED, LIE_ACCEPTED, READS, REFUSES, UNSIGNED, accepted

LISTED = Path(__file__).parent / "token_differences.json"


def signed_claims(case):
    """What the issuer signed of this token, as JSON; None where that is nothing, or no JSON."""
    if case["signed"] is None:
        return None
    try:
        return json.loads(tokens.unb64(case["signed"].split(".")[1]))
    except ValueError:
        return None


def same(one, other):
    """Numbers are compared as numbers: some readers have no others than those of IEEE 754."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if type(one) in (int, float) and type(other) in (int, float):
        return float(one) == float(other)
    return type(one) is type(other) and one == other


def differences(cases, verdicts):
    """Which engine differs how, by class: the cases, with what the two said."""
    found = defaultdict(list)
    for case in cases:
        ours = verdicts["daypass"][case["id"]]
        for engine in judges.TOKEN_ENGINES:
            theirs = verdicts[engine].get(case["id"])
            kind = None
            if theirs is None:
                continue
            if accepted(theirs) and case["signed"] is None:
                kind = UNSIGNED
            elif accepted(ours) != accepted(theirs):
                kind = ACCEPTS if accepted(theirs) else REFUSES
            elif accepted(ours) and theirs["claims"] is not None:
                mine = {name: ours["claims"].get(name) for name in theirs["claims"]} if engine == "openidconnect" else ours["claims"]
                kind = None if same(mine, theirs["claims"]) else READS
            if kind:
                found[engine, kind, case["class"]].append((case, ours, theirs))
    return found


def broken(cases, answers):
    """What daypass itself gets wrong by what is known of each case: the list cannot excuse what nobody signed."""
    wrong, ours = [], defaultdict(list)
    for case in cases:
        answer, name = answers[case["id"]], f"{case['id']} ({case['class']})"
        if case["expect"] == "accept" and not accepted(answer):
            ours["daypass", HONEST_REFUSED, case["class"]].append((case, answer, answer))
        if case["expect"] == "reject" and accepted(answer):
            ours["daypass", LIE_ACCEPTED, case["class"]].append((case, answer, answer))
        if answer.get("check") == "input":
            wrong.append(f"{name}: not judged: {answer}")
        if not accepted(answer):
            continue
        if case["signed"] is None:
            wrong.append(f"{name}: FORGED: {answer}")
        elif not same(answer["claims"], signed_claims(case)):
            wrong.append(f"{name}: accepted as {answer['claims']} instead of {signed_claims(case)}")
        elif case["use"] != "signature" and answer["claims"]["iss"] != case["issuer"]:
            wrong.append(f"{name}: accepted from {answer['claims']['iss']}")
    return wrong, ours


def main():
    arguments = comparison.arguments()
    folder = judges.ROOT / "target/clients/oracles-cases"
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    vectors = Path(os.environ.get("DAYPASS_VECTORS", judges.ROOT.parent / "shared/vectors"))
    cases = token_cases.generated(folder, arguments.seed)
    with_vectors = (vectors / "wycheproof").exists()
    if with_vectors:
        cases += token_cases.public(vectors)
    else:
        print("the public vectors skipped: no vectors")
    print(f"{len(cases)} tokens of {len({case['class'] for case in cases})} classes, made in {time.monotonic() - began:.1f} s", flush=True)
    verdicts = comparison.ask(judges.ALL_OF_TOKENS, cases, folder / "token-verdicts.json", arguments.last)
    if arguments.show:
        return comparison.show(arguments.show, cases, verdicts, lambda case: f"  {case['token'][:2000]}\n  {case['jwks'][:2000]}")
    wrong, found = broken(cases, verdicts["daypass"])
    found.update(differences(cases, verdicts))
    known = comparison.listed(LISTED, cases)
    if arguments.unlisted:
        return comparison.print_unlisted(found, known, cases)
    return comparison.conclude(
        LISTED, judges.TOKEN_ENGINES, found, known, wrong,
        lambda name: arguments.seed == "1" and (with_vectors or not name.startswith("vector: ")),
    )  # fmt: skip


if __name__ == "__main__":
    main()
