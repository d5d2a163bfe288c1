"""Drives daypass and moto_server with the same prepared requests and prints how they compare."""

import base64
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "clients"))

import demo as daypass  # noqa: E402
import sdk  # noqa: E402

LOAD = ROOT / "target" / "clients" / "http_load"
MOTO = ROOT / "target" / "clients" / "moto-venv" / "bin" / "moto_server"
SERVER_CORE, CLIENT_CORE = "0", "1"
OPERATIONS = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "AssumeRole", "GetCallerIdentity")
# A response signs in once, so a round of AssumeRoleWithSAML needs as many as it can send.
ASSERTIONS_A_SECOND = 2500
# One tells how long an answer takes, several what a core can do.
CONNECTIONS = (1, 8)
SESSIONS = (10, 1_000, 100_000)
# moto takes every signature for good.
MOTO_CREDENTIALS = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "secret"}


class Moto:
    """moto_server, which listens on a port of its own and believes everyone."""

    def __init__(self):
        self.base = daypass.free_base()
        self.broker = f"http://127.0.0.1:{self.base}"
        command = ["taskset", "-c", SERVER_CORE, str(MOTO), "-p", str(self.base)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                urllib.request.urlopen(self.broker + "/moto-api/", timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise daypass.Problem("moto_server did not answer within 20 s")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def pinned_demo():
    site = daypass.Demo("--test-controls", name="compared")
    for task in os.listdir(f"/proc/{site.process.pid}/task"):
        subprocess.run(["taskset", "-cp", SERVER_CORE, task], check=True, stdout=subprocess.DEVNULL)
    return site


def ask(site, what):
    with urllib.request.urlopen(f"{site.idp}/_demo/{what}?user=martha", timeout=10) as reply:
        return json.loads(reply.read())


def request(site, body, headers):
    head = {"host": site.broker.removeprefix("http://"), "content-length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST / HTTP/1.1\r\n{lines}\r\n".encode() + body


def unsigned(site, action, **parameters):
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return request(site, sdk.form(action, **parameters), form)


def signed(site, credentials, action, **parameters):
    body = sdk.form(action, **parameters)
    headers = dict(sdk.sign(site.broker + "/", body, credentials))
    return request(site, body, {name: value for name, value in headers.items() if name.lower() != "host"})


def requests(site, operation, material, seconds):
    """What one round sends, as often as it needs to be different."""
    reader, editor = daypass.role("PhotoReader"), daypass.role("PhotoEditor")
    if operation == "AssumeRoleWithWebIdentity":
        return [
            unsigned(site, operation, RoleArn=reader, RoleSessionName="martha", WebIdentityToken=material["token"])
        ]
    if operation == "AssumeRoleWithSAML":
        provider, assertions = daypass.saml_provider(), material["assertions"]
        taken = [assertions.pop() for _ in range(min(len(assertions), int(ASSERTIONS_A_SECOND * seconds)))]
        return [unsigned(site, operation, RoleArn=reader, PrincipalArn=provider, SAMLAssertion=a) for a in taken]
    if operation == "AssumeRole":
        return [signed(site, material["credentials"], operation, RoleArn=editor, RoleSessionName="martha")]
    return [signed(site, material["credentials"], operation)]


def of_one_role(assertion):
    """The assertion with the first of its roles alone: moto cannot read several, and sees no broken signature."""
    document = base64.b64decode(assertion).decode()
    attribute = re.search(r'(Attributes/Role"[^>]*>)(<(\w+:AttributeValue)[^>]*>[^<]*</\3>)+', document)
    first = re.search(r"<(\w+:AttributeValue)[^>]*>[^<]*</\1>", attribute[0])[0]
    return base64.b64encode(document.replace(attribute[0], attribute[1] + first).encode()).decode()


def load(site, prepared, seconds, once=False, connections=1):
    with tempfile.NamedTemporaryFile() as file:
        for one in prepared:
            file.write(f"{len(one)}\n".encode() + one)
        file.flush()
        command = ["taskset", "-c", CLIENT_CORE, str(LOAD), site.broker.removeprefix("http://")]
        command += [str(connections), str(seconds)]
        environment = {**os.environ, "ONCE": "1"} if once else os.environ
        done = subprocess.run(
            [*command, file.name, "HTTP/1.1 200"], capture_output=True, text=True, env=environment, check=False
        )
    if done.returncode:
        raise daypass.Problem(f"{site.broker} refused: {done.stderr[:2000]}")
    count, took, p50, p99 = map(float, done.stdout.split())
    return count / took, p50, p99


def speed(rounds, seconds):
    site, moto = pinned_demo(), Moto()
    token = ask(site, "token")["token"]
    count = int(ASSERTIONS_A_SECOND * seconds * rounds) * len(CONNECTIONS)
    print(f"having {count} SAML responses signed ...", file=sys.stderr)
    material = {
        "token": token,
        "credentials": sdk.assume_web(site, token=token)["Credentials"],
        "assertions": [ask(site, "assertion")["saml_response"] for _ in range(count)],
    }
    # moto takes the same assertion every time.
    again = [of_one_role(material["assertions"][0])] * count
    for_moto = {**material, "credentials": MOTO_CREDENTIALS, "assertions": again}
    for connections in CONNECTIONS:
        title = f"{connections} connection{'s' * (connections > 1)}"
        print(f"{title:28}{'requests/s':>12}{'p50 us':>9}{'p99 us':>9}   beside moto_server (requests/s, p50, p99)")
        for operation in OPERATIONS:
            ours, theirs = [], []
            for _ in range(rounds):
                once = operation == "AssumeRoleWithSAML"
                prepared = requests(site, operation, material, seconds)
                ours.append(load(site, prepared, seconds, once, connections))
                theirs.append(load(moto, requests(moto, operation, for_moto, seconds), seconds, connections=connections))
            a, b = ([statistics.median(column) for column in zip(*each, strict=True)] for each in (ours, theirs))
            beside = f"{a[0] / b[0]:.1f} x ({b[0]:.0f}, {b[1]:.0f}, {b[2]:.0f})"
            print(f"{operation:28}{a[0]:12.0f}{a[1]:9.0f}{a[2]:9.0f}   {beside}", flush=True)
    site.stop()
    moto.stop()


def resident(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def memory():
    """Sessions that were made and used once each; every one of them is still valid."""
    print(f"\n{'live sessions':>14}{'MiB resident':>14}")
    site = daypass.Demo("--test-controls", name="compared")
    print(f"{0:>14,}{resident(site.process):>14.1f}")
    made = 0
    token = ask(site, "token")["token"]
    for wanted in SESSIONS:
        while made < wanted:
            prepared = []
            for _ in range(min(1000, wanted - made)):
                reply = sdk.send(
                    site.broker + "/",
                    body=sdk.form(
                        "AssumeRoleWithWebIdentity",
                        RoleArn=daypass.role("PhotoReader"),
                        RoleSessionName="martha",
                        WebIdentityToken=token,
                    ),
                )
                prepared.append(signed(site, credentials_of(reply), "GetCallerIdentity"))
            load(site, prepared, 600, once=True)
            made += len(prepared)
        print(f"{made:>14,}{resident(site.process):>14.1f}", flush=True)
    site.stop()


def credentials_of(reply):
    return {
        name: re.search(f"<{name}>([^<]*)</{name}>", reply.text)[1]
        for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
    }


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 2
    speed(rounds, seconds)
    memory()


if __name__ == "__main__":
    try:
        main()
    except daypass.Problem as problem:
        sys.exit(str(problem))
