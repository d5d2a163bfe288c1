"""What the Python judges share: cases as JSON lines in, one verdict a line out, in the same order."""

import base64
import json
import logging
import sys
import time
from datetime import datetime, timezone


def instant(text):
    """Seconds since 1970 of an RFC 3339 instant."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp())


def posted(case):
    with open(case["path"], "rb") as file:
        return base64.b64encode(file.read()).decode()


def certificate(path):
    """The base64 of a PEM certificate, without its frame."""
    with open(path, encoding="ascii") as file:
        return "".join(line.strip() for line in file if not line.startswith("-"))


def reject(error):
    return {"verdict": "reject", "reason": f"{type(error).__name__}: {error}"[:300]}


def run(judge, prepare):
    """`prepare(case)` makes what stays from message to message, `judge(prepared, case, form_value)` answers one."""
    logging.disable(logging.CRITICAL)
    if sys.argv[1:2] == ["--speed"]:
        name, seconds = sys.argv[3], float(sys.argv[2])
        case = json.loads(sys.stdin.readline())
        prepared, form_value = prepare(case), posted(case)
        answer = judge(prepared, case, form_value)
        assert answer["verdict"] == "accept", answer
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            judge(prepared, case, form_value)
            count += 1
        print(f"{name} {(time.perf_counter() - began) * 1e6 / count:.3f}")
        return
    for line in sys.stdin:
        case = json.loads(line)
        try:
            answer = judge(prepare(case), case, posted(case))
        except Exception as error:  # whatever a peer raises is its refusal
            answer = reject(error)
        print(json.dumps({"id": case["id"], **answer}), flush=True)
