"""Times the judges over one document, in turns: what `benches/compare_saml` runs."""

import base64
import json
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone

import judges
import keys as key_ring
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from documents import ACS, IDP, REQUEST, SP, Confirmation, Message, Signing, write
from honest import key_info

# Times as long as daypass takes, at least; for the floor, at most.
TARGETS = {"samael": 12, "python3-saml": 30, "node-saml": 80}
FLOOR = 2.2
SIZE = 7_000


def document(key):
    """About SIZE bytes with ten attributes, valid at this very moment: samael asks the system for the time."""
    now = datetime.now(timezone.utc)
    at = lambda minutes: (now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
    for filling in range(0, 4_000, 8):
        m = Message(
            instant=at(0), response_instant=at(0), not_before=at(-5), not_on_or_after=at(240),
            confirmations=[Confirmation(not_on_or_after=at(240))],
            attributes=[(f"https://example.com/attributes/{n}", ["value" + "x" * (filling // 10)]) for n in range(10)],
        )  # fmt: skip
        m.sign_assertion = Signing(key, prefix_list="xs", key_info=key_info(key, "ds"))
        text = write(m)
        if len(text) >= SIZE:
            break
    return text, at(0)


def case(folder):
    key = key_ring.key("idp", str(folder / "keys"))
    text, now = document(key)
    path = folder / "speed.xml"
    path.write_text(text, encoding="utf-8")
    public = key.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    message = text.encode()[:1000]  # as long as SignedInfo
    encoded = lambda data: base64.b64encode(data).decode()  # noqa: E731
    return {
        "id": "speed", "path": str(path), "idp_certs": [key.cert_path], "sp_key": None, "idp_entity_id": IDP, "sp_entity_id": SP,
        "acs_url": ACS, "request_id": REQUEST, "now": now, "policy": {}, "public_key": encoded(public), "message": encoded(message),
        "signature": encoded(key.private.sign(message, padding.PKCS1v15(), hashes.SHA256())), "bytes": len(text),
    }  # fmt: skip


def main():
    rounds, seconds = int((sys.argv[2:] or [5])[0]), (sys.argv[3:] or ["2"])[0]
    folder = judges.ROOT / "target/clients/oracles-cases"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(judges.HERE / "judges/node_saml.mjs", judges.NODE / "node_saml.mjs")
    one = case(folder)
    programs = [
        [sys.argv[1], "--speed", seconds],
        [judges.SAMAEL, "--speed", seconds],
        [judges.PYTHON, judges.HERE / "judges/python3_saml.py", "--speed", seconds, "python3-saml"],
        ["node", judges.NODE / "node_saml.mjs", "--speed", seconds],
    ]
    took = defaultdict(list)
    for _ in range(rounds):
        for program in programs:
            command = ["taskset", "-c", "0", *[str(part) for part in program]]
            out = subprocess.run(command, input=json.dumps(one) + "\n", capture_output=True, text=True, check=True).stdout
            for line in out.splitlines():
                name, microseconds = line.split()
                took[name].append(float(microseconds))
    ours = statistics.median(took["daypass"])
    print(f"one signed response of {one['bytes']} bytes, RSA-2048/SHA-256, ten attributes; {rounds} rounds in turns, one core, medians")
    print(f"{'':<18}{'us':>10}{'min':>10}{'max':>10}  of daypass  target")
    for name, times in took.items():
        median = statistics.median(times)
        verdict = ""
        if name == "floor":
            verdict = f"daypass at most {FLOOR} x: {ours / median:.2f} x, {'met' if ours <= FLOOR * median else 'NOT MET'}"
        elif name in TARGETS:
            verdict = f"at least {TARGETS[name]} x: {'met' if median >= TARGETS[name] * ours else 'NOT MET'}"
        print(f"{name:<18}{median:>10.1f}{min(times):>10.1f}{max(times):>10.1f}{median / ours:>10.2f} x  {verdict}")


if __name__ == "__main__":
    main()
