"""Feeds the same documents to daypass and to four other implementations, and holds the differences to a list.

    differential.py                        the run of `scripts/test oracles`
    differential.py --seed N               other documents; a listed difference may then be absent
    differential.py --show CASE_OR_CLASS   every judge's answer to it
    differential.py --last ...             with the answers of the last run
    differential.py --unlisted             the differences without a reason, as JSON to write reasons into
"""

import argparse
import json
import os
import re
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cases as case_files
import hostile
import judges

LISTED = Path(__file__).parent / "differences.json"
REFUSES, ACCEPTS = "refuses what daypass accepts", "accepts what daypass refuses"
READS, LATE, FORGED = "reads another identity", "gives no answer in time", "accepts a forged identity"


def identity(answer):
    """What an accept says; a value of nothing but blanks and an attribute of none say nothing to compare."""
    attributes = {name: [value for value in values] for name, values in (answer["attributes"] or {}).items() if values}
    return answer["name_id"], attributes


def accepted(answer):
    return answer["verdict"] == "accept"


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
            ours["daypass", "refuses an honest message", case["class"]].append((case, answer, answer))
        if case["expect"] == "reject" and accepted(answer):
            ours["daypass", "accepts it as stated", case["class"]].append((case, answer, answer))
        if accepted(answer) and identity(answer) != stated:
            wrong.append(f"{case['id']} ({case['class']}): accepted as {identity(answer)} instead of {stated}")
    return wrong, ours


def listed(cases):
    """The reasons by engine, difference and class. A class named without what was signed stands for all of that name."""
    names = defaultdict(set)
    for case in cases:
        names[case["class"]].add(case["class"])
        names[re.sub(r" \[\w+\]$", "", case["class"])].add(case["class"])
    return {
        (entry["engine"], entry["difference"], name): entry["reason"]
        for entry in json.loads(LISTED.read_text(encoding="utf-8"))
        for stated in entry["classes"]
        for name in names.get(stated, [stated])
    }


def together(classes, cases):
    """The shortest way to write these classes down."""
    parts = defaultdict(set)
    for case in cases:
        parts[re.sub(r" \[\w+\]$", "", case["class"])].add(case["class"])
    return sorted({base if parts[base] <= set(classes) else name for name in classes for base in [re.sub(r" \[\w+\]$", "", name)]})


def judge(cases):
    verdicts, took = {}, {}

    def one(engine):
        began = time.monotonic()
        verdicts[engine] = (judges.daypass if engine == "daypass" else judges.ENGINES[engine])(cases)
        took[engine] = time.monotonic() - began

    # The slowest first, the others beside it.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, ["pysaml2", "daypass", *[engine for engine in judges.ENGINES if engine != "pysaml2"]]))
    for engine in ["daypass", *judges.ENGINES]:
        tally = Counter(answer["verdict"] for answer in verdicts[engine].values())
        print(f"{engine:<13} accepts {tally['accept']:>4}, refuses {tally['reject']:>4} ({took[engine]:.1f} s)", flush=True)
    return verdicts


def show(wanted, cases, verdicts):
    for case in cases:
        if wanted in (case["id"], case["class"]):
            print(f"\n{case['id']} {case['class']}\n  {case['path']}\n  {json.dumps(case['policy'])}")
            for engine in ["daypass", *judges.ENGINES]:
                print(f"  {engine:<13} {json.dumps({key: value for key, value in verdicts[engine][case['id']].items() if key != 'id'})}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", default="1")
    arguments.add_argument("--show")
    arguments.add_argument("--unlisted", action="store_true")
    arguments.add_argument("--last", action="store_true")
    arguments = arguments.parse_args()
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
    last = folder / "verdicts.json"
    if arguments.last:
        verdicts = json.loads(last.read_text(encoding="utf-8"))
    else:
        verdicts = judge(cases)
        last.write_text(json.dumps(verdicts), encoding="utf-8")
    if arguments.show:
        return show(arguments.show, cases, verdicts)
    wrong, found = broken(cases, verdicts["daypass"])
    found.update(differences(cases, verdicts))
    known = listed(cases)
    unlisted = [key for key in found if key not in known]
    if arguments.unlisted:
        groups = defaultdict(list)
        for key in unlisted:
            case, ours, theirs = found[key][0]
            why = ours.get("check") or theirs.get("reason") or ""
            groups[key[0], key[1], why[:90]].append(key[2])
        print(json.dumps([{"engine": e, "difference": d, "why": w, "classes": together(c, cases)} for (e, d, w), c in sorted(groups.items())], indent=1))
        return None
    for key in unlisted:
        case, ours, theirs = found[key][0]
        wrong.append(f"unlisted: {key[0]} {key[1]}: {key[2]} ({case['id']})\n    daypass {ours}\n    {key[0]} {theirs}")
    if arguments.seed == "1":
        for key in known:
            if key not in found and (with_vectors or not key[2].startswith("vector: ")):
                wrong.append(f"listed, and no longer there: {key[0]} {key[1]}: {key[2]}")
    for engine in ["daypass", *judges.ENGINES]:
        kinds = Counter(kind for one, kind, _ in found for _ in [0] if one == engine)
        print(f"{engine:<13} " + ", ".join(f"{kind}: {count} classes" for kind, count in sorted(kinds.items())))
    if wrong:
        print("\n".join(wrong))
        raise SystemExit(f"{len(wrong)} problems; see differences.json, and --show CLASS for every judge's words")
    print(f"every difference is listed with its reason ({len(known)} in differences.json), and none has disappeared")
    return None


if __name__ == "__main__":
    main()
