"""The demo under test: started once for all the suites, spoken to only as a stranger would (its ports, its commands)."""

import atexit
import contextlib
import functools
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "target" / "clients"
VENV = OUT / "venv" / "bin"
PASSWORD = "correct-horse"
PRODUCTION = "111111111111"
REGION = "us-east-1"
READY_SECONDS = 30


class Problem(Exception):
    """Something outside the product stands in the way; the text says what to do."""


def binary():
    path = pathlib.Path(os.environ.get("DAYPASS_DEMO_BIN", ROOT / "target" / "debug" / "demo-idp")).resolve()
    if not path.exists():
        raise Problem(f"the demo binary is not at {path}; build it: cargo build -p demo-idp")
    return str(path)


@functools.cache
def clean_home():
    """A home without ~/.aws, so that nobody's own profiles reach a test or are reached by one."""
    return tempfile.mkdtemp(prefix="daypass-home-")


def environment(**more):
    """The environment of a person who has configured nothing; a cargo that finds its toolchain is all they need."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"))
    }
    home = os.environ.get("HOME", "/root")
    kept.setdefault("CARGO_HOME", os.path.join(home, ".cargo"))
    kept.setdefault("RUSTUP_HOME", os.path.join(home, ".rustup"))
    kept.update(
        HOME=clean_home(), NO_PROXY="localhost,127.0.0.1", no_proxy="localhost,127.0.0.1", LC_ALL="C.UTF-8", TZ="UTC"
    )
    # The metadata service of a cloud machine is no part of this; looking for it only costs seconds.
    kept["AWS_EC2_METADATA_DISABLED"] = "true"
    kept.update(more)
    return kept


def free_base():
    """A port base whose three ports are free; another process may still win the race, which then shows as a busy port."""
    for _ in range(50):
        base = random.randrange(20000, 50000)
        with contextlib.ExitStack() as stack:
            try:
                for port in (base, base + 100, base + 200):
                    taken = stack.enter_context(socket.socket())
                    taken.bind(("127.0.0.1", port))
            except OSError:
                continue
            return base
    raise Problem("found no three free ports N, N+100, N+200 between 20000 and 50200")


def run(*words, timeout=60, **options):
    """Runs one command to its end and returns it with its output as text."""
    options.setdefault("env", environment())
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=options.pop("cwd", ROOT),
        **options,
    )


class Demo:
    """One running demo."""

    def __init__(self, *options, name="demo"):
        self.base = free_base()
        self.idp = f"http://localhost:{self.base}"
        self.broker = f"http://localhost:{self.base + 100}"
        self.photos = f"http://127.0.0.1:{self.base + 200}"
        OUT.mkdir(parents=True, exist_ok=True)
        self.output_file = OUT / f"{name}.log"
        self.errors_file = OUT / f"{name}.err"
        with open(self.output_file, "w") as output, open(self.errors_file, "w") as errors:
            # Output goes to files and not to pipes: a full pipe would stop the server.
            self.process = subprocess.Popen(
                [binary(), "--port-base", str(self.base), *options],
                stdout=output,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env=environment(),
            )
        atexit.register(self.stop)
        self._await_health()

    def _await_health(self):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Problem(f"the demo ended with code {self.process.returncode}:\n{self.output()}{self.errors()}")
            with contextlib.suppress(OSError, urllib.error.URLError):
                # It serves a moment before it has printed what to open and what to paste.
                if (
                    urllib.request.urlopen(self.broker + "/healthz", timeout=2).status == 200
                    and "Ctrl-C" in self.output()
                ):
                    return
            time.sleep(0.05)
        raise Problem(
            f"{self.broker}/healthz did not answer 200, or nothing was printed, within {READY_SECONDS} s; see {self.output_file} and {self.errors_file}"
        )

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def output(self):
        return self.output_file.read_text()

    def errors(self):
        return self.errors_file.read_text()

    def command(self, *words, **options):
        """One of the demo's own commands, aimed at this demo."""
        return run(binary(), *words, "--port-base", self.base, **options)

    def token(self, user="martha"):
        return self._printed("token", user)

    def assertion(self, user="martha"):
        return self._printed("assertion", user)

    def _printed(self, what, user):
        done = self.command(what, "--user", user)
        if done.returncode != 0:
            raise AssertionError(f"demo-idp {what} --user {user} ended with {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def break_next(self, fault):
        """Has the identity provider make one deliberate mistake in the next statement it issues."""
        return self.control("faults", {"fault": fault, "mode": "once"})

    def advance(self, seconds):
        """Moves the clock that all three parties read."""
        return self.control("clock", {"advance_seconds": seconds})

    def control(self, path, body):
        request = urllib.request.Request(
            f"{self.idp}/_control/{path}",
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.read().decode()


def role(name, account=PRODUCTION):
    return f"arn:aws:iam::{account}:role/{name}"


def saml_provider(account=PRODUCTION):
    return f"arn:aws:iam::{account}:saml-provider/corp"


@functools.cache
def shared():
    """The one demo that the suites share; a run inside of another run has one under another name."""
    name = os.environ.get("DAYPASS_RUN_NAME", "")
    audit = OUT / f"{name}audit.jsonl"
    OUT.mkdir(parents=True, exist_ok=True)
    audit.unlink(missing_ok=True)
    return Demo("--audit", str(audit), "--test-controls", name=f"{name}demo")


def paste_blocks(output):
    """The printed blocks that a person is told to paste into a shell, in order, exactly as printed but for their indentation."""
    blocks, current = [], None
    for line in output.splitlines():
        if re.search(r"paste into a shell", line, re.IGNORECASE):
            current = []
            blocks.append(current)
        elif current is not None and re.search(r"^\W*end of paste\W*$|^-{3,}\s*$", line, re.IGNORECASE):
            current = None
        elif current is not None:
            current.append(line)
    return ["\n".join(block).strip("\n") for block in blocks]
