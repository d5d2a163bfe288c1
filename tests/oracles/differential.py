"""Feeds the same documents to daypass and to four other implementations, and holds the differences to a list.

    differential.py                        the run of `scripts/test oracles`; comparison.py has the options
"""

import os
import time
from collections import defaultdict
from pathlib import Path

import cases as case_files
import comparison
import hostile
import judges
from comparison import ACCEPTS, FORGED, HONEST_REFUSED, LATE, LIE_ACCEPTED, READS, REFUSES, accepted

LISTED = Path(__file__).parent / "differences.json"


def identity(answer):
    """What an accept says; a value of nothing but blanks and an attribute of none say nothing to compare."""
    attributes = {name: [value for value in values] for name, values in (answer["attributes"] or {}).items() if values}
    return answer["name_id"], attributes


def forged(case):
    """The identity that nobody signed, where a case has one."""
    return case.get("forged_name_id") or (hostile.FORGED if case["expect"] == "signed" else None)


def differences(cases, verdicts):
    """Which engine differs how, by class: the cases, with what the two said."""
    found = defaultdict(list)
    for case in cases:
        ours = verdicts["daypass"][case["id"]]
        for engine in judges.ENGINES:
            theirs = verdicts[engine][case["id"]]
            kind = None
            if theirs["verdict"] == "late":
                kind = LATE
            elif accepted(theirs) and theirs["name_id"] and theirs["name_id"] == forged(case):
                kind = FORGED
            elif accepted(ours) != accepted(theirs):
                kind = ACCEPTS if accepted(theirs) else REFUSES
            elif accepted(ours) and identity(ours) != identity(theirs):
                kind = READS
            if kind:
                found[engine, kind, case["class"]].append((case, ours, theirs))
    return found


def broken(cases, answers):
    """What daypass itself gets wrong by what is known of each case: the list cannot excuse a forged identity."""
    wrong, ours = [], defaultdict(list)
    for case in cases:
        answer = answers[case["id"]]
        stated = (case["name_id"], {name: values for name, values in (case["attributes"] or {}).items() if values})
        if case["class"].startswith("vector: "):
            if accepted(answer) and forged(case) and answer["name_id"] == forged(case):
                wrong.append(f"{case['id']}: FORGED identity {answer['name_id']}")
            continue
        if case["expect"] == "accept" and not accepted(answer):
            ours["daypass", HONEST_REFUSED, case["class"]].append((case, answer, answer))
        if case["expect"] == "reject" and accepted(answer):
            ours["daypass", LIE_ACCEPTED, case["class"]].append((case, answer, answer))
        if accepted(answer) and identity(answer) != stated:
            wrong.append(f"{case['id']} ({case['class']}): accepted as {identity(answer)} instead of {stated}")
    return wrong, ours


def main():
    arguments = comparison.arguments()
    folder = judges.ROOT / "target/clients/oracles-cases"
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    vectors = Path(os.environ.get("DAYPASS_VECTORS", judges.ROOT.parent / "shared/vectors")) / "saml"
    cases = case_files.generated(folder, arguments.seed)
    with_vectors = vectors.exists()
    if with_vectors:
        cases += case_files.public(vectors, folder)
    else:
        print("the public vectors skipped: no vectors")
    print(f"{len(cases)} documents, made in {time.monotonic() - began:.1f} s", flush=True)
    verdicts = comparison.ask(judges.ALL, cases, folder / "verdicts.json", arguments.last)
    if arguments.show:
        return comparison.show(arguments.show, cases, verdicts, lambda case: f"  {case['path']}\n  {case['policy']}")
    wrong, found = broken(cases, verdicts["daypass"])
    found.update(differences(cases, verdicts))
    known = comparison.listed(LISTED, cases)
    if arguments.unlisted:
        return comparison.print_unlisted(found, known, cases)
    return comparison.conclude(
        LISTED, judges.ENGINES, found, known, wrong,
        lambda name: arguments.seed == "1" and (with_vectors or not name.startswith("vector: ")),
    )  # fmt: skip


if __name__ == "__main__":
    main()
