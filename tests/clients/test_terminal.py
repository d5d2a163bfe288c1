"""The demo's own commands in a terminal and in a pipe."""

import json
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

import demo as daypass

ESCAPE = "\x1b"


class Tour(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tour = daypass.run(daypass.binary(), "tour", timeout=120)
        (daypass.OUT / "tour.txt").write_text(cls.tour.stdout + cls.tour.stderr)

    def test_ends_well(self):
        self.assertEqual(self.tour.returncode, 0, f"{self.tour.stdout[-2000:]}\n{self.tour.stderr[-2000:]}")

    def test_is_plain_in_a_pipe(self):
        self.assertNotIn(ESCAPE, self.tour.stdout + self.tour.stderr)

    def test_shows_each_kind_of_end(self):
        for end in ("allowed", "explicitly denied", "implicitly denied", "expired", "tampered"):
            self.assertRegex(self.tour.stdout, rf"(?im)^\d+\. .*{end}")

    def test_names_each_check_with_its_standard(self):
        for words in ("SAML", "OpenID Connect", "passed", "failed", "expected", "found"):
            self.assertIn(words.lower(), self.tour.stdout.lower())

    def test_prints_no_secret_of_a_session(self):
        self.assertNotRegex(self.tour.stdout + self.tour.stderr, r"eyJ[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}")


class ColouredTour(unittest.TestCase):
    def test_is_coloured_on_a_terminal(self):
        command = f"{daypass.binary()} tour"
        shown = daypass.run(
            "script", "-qec", command, "/dev/null", timeout=120, env=daypass.environment(TERM="xterm-256color")
        )
        self.assertEqual(shown.returncode, 0, shown.stdout[-2000:])
        self.assertIn(ESCAPE, shown.stdout)


class Refusals(unittest.TestCase):
    def refused(self, *words, **options):
        done = daypass.run(daypass.binary(), *words, timeout=30, **options)
        told = done.stdout + done.stderr
        self.assertNotEqual(done.returncode, 0, told)
        self.assertNotIn("panicked", told)
        self.assertNotIn("RUST_BACKTRACE", told)
        return done.stderr

    def test_busy_port_is_named_with_the_flag(self):
        for which in (0, 100, 200):
            base = daypass.free_base()
            with self.subTest(offset=which), socket.socket() as taken:
                taken.bind(("127.0.0.1", base + which))
                taken.listen()
                told = self.refused("--port-base", base)
                self.assertIn(str(base + which), told)
                self.assertIn("--port-base", told)

    def test_unwritable_state_directory_is_named(self):
        # Below a plain file no one may make a directory, root included.
        with tempfile.NamedTemporaryFile() as plain:
            state = pathlib.Path(plain.name) / "state"
            told = self.refused("--port-base", daypass.free_base(), "--state", state)
            self.assertIn(str(state), told)

    def test_unwritable_audit_file_is_named(self):
        with tempfile.NamedTemporaryFile() as plain:
            audit = pathlib.Path(plain.name) / "audit.jsonl"
            told = self.refused("--port-base", daypass.free_base(), "--audit", audit)
            self.assertIn(str(audit), told)

    def test_token_without_a_running_demo_says_how_to_start_one(self):
        base = daypass.free_base()
        for what in ("token", "assertion"):
            with self.subTest(command=what):
                told = self.refused(what, "--user", "martha", "--port-base", base)
                self.assertIn(str(base), told)

    def test_unknown_person_is_named(self):
        for what in ("token", "assertion"):
            with self.subTest(command=what):
                told = self.refused(what, "--user", "nobody-here", "--port-base", daypass.shared().base)
                self.assertIn("nobody-here", told)

    def test_port_base_out_of_range_names_the_flag(self):
        for base in ("65500", "70000", "-1", "ten"):
            with self.subTest(base=base):
                self.assertIn("--port-base", self.refused(f"--port-base={base}"))


class Life(unittest.TestCase):
    def test_ends_at_once_and_well_when_told_to(self):
        for told in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=told.name):
                site = daypass.Demo(name="stopped")
                began = time.monotonic()
                site.process.send_signal(told)
                self.assertEqual(site.process.wait(10), 0)
                self.assertLess(time.monotonic() - began, 5)

    def test_random_ports_are_printed(self):
        process = subprocess.Popen(
            [daypass.binary(), "--port-base", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=daypass.environment(),
            cwd=daypass.ROOT,
        )
        try:
            told = ""
            while "Ctrl-C" not in told and (line := process.stdout.readline()):
                told += line.decode()
            self.assertNotIn(":8100", told)
            self.assertGreaterEqual(len(set(re.findall(r"http://localhost:(\d+)", told))), 3, told)
        finally:
            process.terminate()
            process.wait(10)
            process.stdout.close()

    def test_says_where_state_is_kept(self):
        self.assertRegex(daypass.shared().output(), r"(?i)temporary|--state")

    def read(self, address):
        with urllib.request.urlopen(address, timeout=5) as reply:
            return json.load(reply)

    def test_same_seed_same_keys_at_the_identity_provider(self):
        seen = []
        for _ in range(2):
            site = daypass.Demo("--seed", "7", name="seeded")
            try:
                discovery = self.read(f"{site.idp}/.well-known/openid-configuration")
                seen.append([key["x"] for key in self.read(discovery["jwks_uri"])["keys"] if "x" in key])
            finally:
                site.stop()
        self.assertTrue(seen[0])
        self.assertEqual(*seen)


if __name__ == "__main__":
    unittest.main()
