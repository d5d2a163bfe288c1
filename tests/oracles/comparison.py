"""What both differentials share: who differs how, by class, held to a list of reasons.

--seed N               other cases; a listed difference may then be absent
--show CASE_OR_CLASS   every judge's answer to it
--last ...             with the answers of the last run
--unlisted             the differences without a reason, as JSON to write reasons into
"""

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

REFUSES, ACCEPTS = "refuses what daypass accepts", "accepts what daypass refuses"
READS, LATE, FORGED = "reads another identity", "gives no answer in time", "accepts a forged identity"
UNSIGNED = "accepts what nobody signed"
# Of cases whose truth is known, daypass's own departures from it.
HONEST_REFUSED, LIE_ACCEPTED = "refuses an honest message", "accepts it as stated"


def accepted(answer):
    return answer["verdict"] == "accept"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", default="1")
    parser.add_argument("--show")
    parser.add_argument("--unlisted", action="store_true")
    parser.add_argument("--last", action="store_true")
    return parser.parse_args()


def listed(path, cases):
    """The reasons by engine, difference and class. A class named without what was signed stands for all of that name."""
    names = defaultdict(set)
    for case in cases:
        names[case["class"]].add(case["class"])
        names[re.sub(r" \[\w+\]$", "", case["class"])].add(case["class"])
    return {
        (entry["engine"], entry["difference"], name): entry["reason"]
        for entry in json.loads(path.read_text(encoding="utf-8"))
        for stated in entry["classes"]
        for name in names.get(stated, [stated])
    }


def together(classes, cases):
    """The shortest way to write these classes down."""
    parts = defaultdict(set)
    for case in cases:
        parts[re.sub(r" \[\w+\]$", "", case["class"])].add(case["class"])
    return sorted({base if parts[base] <= set(classes) else name for name in classes for base in [re.sub(r" \[\w+\]$", "", name)]})


def ask(judges, cases, last, again):
    """What each of `judges`, the slowest first, says of the cases; with `again`, what they said the last time."""
    if again:
        return json.loads(last.read_text(encoding="utf-8"))
    verdicts, took = {}, {}

    def one(engine):
        began = time.monotonic()
        verdicts[engine] = judges[engine](cases)
        took[engine] = time.monotonic() - began

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, judges))
    for engine in sorted(judges, key=lambda name: (name != "daypass", name)):
        tally = Counter(answer["verdict"] for answer in verdicts[engine].values())
        print(f"{engine:<13} accepts {tally['accept']:>4}, refuses {tally['reject']:>4} ({took[engine]:.1f} s)", flush=True)
    last.write_text(json.dumps(verdicts), encoding="utf-8")
    return verdicts


def show(wanted, cases, verdicts, describe):
    for case in cases:
        if wanted in (case["id"], case["class"]):
            print(f"\n{case['id']} {case['class']}\n{describe(case)}")
            for engine, answers in verdicts.items():
                answer = answers.get(case["id"], {})
                print(f"  {engine:<13} {json.dumps({key: value for key, value in answer.items() if key != 'id'})}")


def print_unlisted(found, known, cases):
    groups = defaultdict(list)
    for key in found:
        if key not in known:
            _, ours, theirs = found[key][0]
            why = ours.get("check") or theirs.get("reason") or ""
            groups[key[0], key[1], why[:90]].append(key[2])
    print(
        json.dumps(
            [{"engine": e, "difference": d, "why": w, "classes": together(c, cases)} for (e, d, w), c in sorted(groups.items())], indent=1
        )
    )


def conclude(path, engines, found, known, wrong, all_there):
    """Ends the run: every difference must be listed, and, where `all_there(class)`, every listed one must be there."""
    for key in found:
        if key not in known:
            case, ours, theirs = found[key][0]
            wrong.append(f"unlisted: {key[0]} {key[1]}: {key[2]} ({case['id']})\n    daypass {ours}\n    {key[0]} {theirs}")
    wrong += [f"listed, and no longer there: {key[0]} {key[1]}: {key[2]}" for key in known if key not in found and all_there(key[2])]
    for engine in ["daypass", *engines]:
        kinds = Counter(kind for one, kind, _ in found if one == engine)
        print(f"{engine:<13} " + ", ".join(f"{kind}: {count} classes" for kind, count in sorted(kinds.items())))
    if wrong:
        print("\n".join(wrong))
        raise SystemExit(f"{len(wrong)} problems; see {path.name}, and --show CLASS for every judge's words")
    print(f"every difference is listed with its reason ({len(known)} in {path.name}), and none has disappeared")
