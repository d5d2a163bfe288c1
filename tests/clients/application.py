"""The example application, started for one suite: `cargo run --example sign_in`, on a port of its own."""

import atexit
import contextlib
import functools
import re
import subprocess
import time

import demo as daypass


class Application:
    """One running application; its identity provider runs inside of it."""

    def __init__(self):
        binary = daypass.ROOT / "target" / "debug" / "examples" / "sign_in"
        if not binary.exists():
            raise daypass.Problem(f"the application is not at {binary}; build it: cargo build --example sign_in")
        output = daypass.OUT / "application.log"
        daypass.OUT.mkdir(parents=True, exist_ok=True)
        with open(output, "w") as told:
            self.process = subprocess.Popen(
                [binary, "--port", "0"],
                stdout=told,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=daypass.environment(),
            )
        atexit.register(self.stop)
        deadline = time.monotonic() + daypass.READY_SECONDS
        while not (address := re.search(r"http://localhost:\d+", output.read_text())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise daypass.Problem(f"the application does not serve; see {output}")
            time.sleep(0.02)
        self.address = address.group()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            self.process.kill()
            self.process.wait()


@functools.cache
def shared():
    return Application()
