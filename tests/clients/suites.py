"""Runs the suites against one demo and closes with a line of counts; `run` beside this file is the way in."""

import argparse
import importlib
import sys
import time
import unittest

from demo import Problem

# In the order a person meets them: what cannot start makes the rest meaningless.
SUITES = [
    "terminal",
    "cli",
    "sts",
    "iam",
    "iam_users",
    "sts_users",
    "modelled",
    "json",
    "errors",
    "bearer",
    "s3",
    "asymmetric",
    "browser",
]


class Told(unittest.TextTestResult):
    """Names each test with the time it took."""

    passed = 0

    def startTest(self, test):
        self._began = time.monotonic()
        super().startTest(test)

    def getDescription(self, test):
        words = test.id().split(".")
        return f"{words[0].removeprefix('test_')}: {' '.join(words[1:])}"

    def addSuccess(self, test):
        self.passed += 1
        self.stream.write(f"{time.monotonic() - self._began:5.1f} s  ")
        super().addSuccess(test)


def main():
    parser = argparse.ArgumentParser(prog="tests/clients/run")
    parser.add_argument(
        "suites",
        nargs="*",
        choices=[*SUITES, []],
        metavar="suite",
        help=f"any of {' '.join(SUITES)}; all when none is named",
    )
    parser.add_argument("-k", dest="word", help="only tests whose name holds this")
    parser.add_argument("-f", "--failfast", action="store_true", help="stop at the first failure")
    chosen = parser.parse_args()
    loader = unittest.TestLoader()
    if chosen.word:
        loader.testNamePatterns = [f"*{chosen.word}*"]
    suite = unittest.TestSuite(
        loader.loadTestsFromModule(importlib.import_module(f"test_{name}")) for name in chosen.suites or SUITES
    )
    result = unittest.TextTestRunner(verbosity=2, resultclass=Told, failfast=chosen.failfast, stream=sys.stdout).run(
        suite
    )
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(f"{result.passed} passed, {failed} failed, {len(result.skipped)} skipped")
    sys.exit(0 if result.wasSuccessful() and result.passed else 1)


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(str(problem))
