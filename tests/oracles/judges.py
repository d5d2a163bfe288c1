"""Runs the judges over the same cases, each in its own process."""

import json
import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PYTHON = ROOT / "target/clients/oracles-venv/bin/python"
NODE = ROOT / "target/clients/oracles-node"
BUILT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target/oracles")) / "release"
SAMAEL, JWT = BUILT / "samael-judge", BUILT / "jwt-judge"
DAYPASS = Path(os.environ.get("DAYPASS_BINARY", ROOT / "target/debug/daypass"))
# Seconds: for a document made to be never finished, and for all the others of one judge.
PATIENCE, ALL_OF_THEM = 5, 500
# pysaml2 starts a program for every signature: two of it keep two cores busy.
PYSAML2_PROCESSES = 2


def faketime():
    return str(next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")))


def ask(command, cases, **environment):
    """Every case's answer. One that may never be answered (`max_ms`) is asked alone and has `PATIENCE` seconds."""
    together = [case for case in cases if not case.get("max_ms")]
    answers = converse(command, together, ALL_OF_THEM, environment)
    for case in cases:
        if case.get("max_ms"):
            answers.update(converse(command, [case], PATIENCE, environment))
    return answers


def converse(command, cases, seconds, environment):
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    command = [str(part) for part in command]
    # A judge that starts programs is stopped together with them.
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environment}, start_new_session=True,
    )  # fmt: skip
    try:
        out, errors = process.communicate(lines, timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if len(cases) > 1:
            raise SystemExit(f"{command[0]} did not answer {len(cases)} cases in {seconds} s") from None
        return {cases[0]["id"]: {"verdict": "late", "reason": f"no answer within {seconds} s"}}
    answers = [json.loads(line) for line in out.split("\n") if line]
    if len(answers) != len(cases):
        at = cases[len(answers)]["id"] if len(answers) < len(cases) else "?"
        raise SystemExit(f"{command[0]} stopped at {at} (exit code {process.returncode}):\n{errors[-2000:]}")
    return {answer["id"]: answer for answer in answers}


def daypass(cases):
    return ask([DAYPASS, "saml", "verify", "--batch", "--root", "/", "-"], cases)


def python3_saml(cases):
    return ask([PYTHON, HERE / "judges/python3_saml.py"], cases)


def pysaml2(cases):
    shards = [cases[start::PYSAML2_PROCESSES] for start in range(PYSAML2_PROCESSES)]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda shard: ask([PYTHON, HERE / "judges/py_saml2.py"], shard), shards))
    return {name: answer for one in answers for name, answer in one.items()}


def node(script, cases):
    """Beside its packages, where node looks for them."""
    shutil.copy(HERE / "judges" / script, NODE / script)
    return ask(["node", NODE / script], cases)


def node_saml(cases):
    return node("node_saml.mjs", cases)


def at_its_time(command, cases):
    """Started anew for each instant, because it asks the system for the time."""
    answers, started = {}, sorted(cases, key=lambda case: case["now"])
    for now, group in groupby(started, key=lambda case: case["now"]):
        clock = now.replace("T", " ").rstrip("Z").split(".")[0]
        answers.update(ask(command, list(group), LD_PRELOAD=faketime(), FAKETIME=clock, TZ="UTC"))
    return answers


def samael(cases):
    return at_its_time([SAMAEL], cases)


ENGINES = {"samael": samael, "python3-saml": python3_saml, "node-saml": node_saml, "pysaml2": pysaml2}
# The slowest first.
ALL = {"pysaml2": pysaml2, "daypass": daypass, **ENGINES}


def daypass_jwt(cases):
    return ask([DAYPASS, "jwt", "verify", "--batch", "--root", "/", "-"], cases)


def jsonwebtoken(cases):
    return at_its_time([JWT, "jsonwebtoken"], cases)


def openidconnect(cases):
    """It verifies ID tokens, and no bare signatures."""
    return ask([JWT, "openidconnect"], [case for case in cases if case["use"] != "signature"])


def jose(cases):
    return node("node_jose.mjs", cases)


def joserfc(cases):
    return ask([PYTHON, HERE / "judges/py_joserfc.py"], cases)


TOKEN_ENGINES = {"jsonwebtoken": jsonwebtoken, "openidconnect": openidconnect, "jose": jose, "joserfc": joserfc}
ALL_OF_TOKENS = {"joserfc": joserfc, "daypass": daypass_jwt, **TOKEN_ENGINES}
