"""What running processes show at `/metrics`: `python -m checks.metrics FOLDER PARLOR` starts one of each, beside the Postgres and NATS
that the environment names (`with-servers`), and writes what each has shown to `FOLDER/ROLE.metrics`."""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROLES = {"gateway": ["gateway"], "writer": ["writer", "--migrate"], "solo": ["solo"]}
# Bounds a hang.
PATIENCE = 60


def environment(role):
    values = dict(os.environ)
    values |= {"PARLOR__ADMIN__LISTEN": "127.0.0.1:0", "PARLOR__GATEWAY__LISTEN": "127.0.0.1:0"}
    values |= {"PARLOR__AUTH__SECRET": "a-secret-of-more-than-32-bytes-for-the-test"}
    values |= {"PARLOR__DRAIN__UNREADY": "0s", "PARLOR__DRAIN__SPREAD": "100ms"}
    if role == "solo":
        del values["PARLOR__BUS__URL"], values["PARLOR__STORE__URL"]
    return values


def shown_by(role, parlor, folder):
    """What a process shows once it is ready."""
    log = folder / f"{role}.log"
    with log.open("w") as out:
        process = subprocess.Popen([parlor, *ROLES[role]], env=environment(role), cwd=folder, stdout=out, stderr=out)
    try:
        until(lambda: re.search(r"admin: (http://\S+)", log.read_text()), process, log)
        admin = re.search(r"admin: (http://\S+)", log.read_text())[1]
        until(lambda: answers(f"{admin}/readyz"), process, log)
        with urllib.request.urlopen(f"{admin}/metrics", timeout=10) as answer:
            return answer.read().decode()
    finally:
        process.terminate()
        process.wait(PATIENCE)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(what, process, log):
    end = time.monotonic() + PATIENCE
    while not what():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{process.args} does not get ready:\n{log.read_text()}")
        time.sleep(0.05)


def read(folder: Path):
    """What was written: by role, the names with the labels of each series."""
    metrics = {}
    for role in ROLES:
        names = metrics.setdefault(role, {})
        for line in (folder / f"{role}.metrics").read_text().splitlines():
            if line and not line.startswith("#"):
                name, labels = re.match(r"(\w+)(?:\{(.*)\})?", line).groups()
                names.setdefault(name, []).append(dict(re.findall(r'(\w+)="([^"]*)"', labels or "")))
    return metrics


def main(into, parlor):
    for role in ROLES:
        with tempfile.TemporaryDirectory() as folder:
            (Path(into) / f"{role}.metrics").write_text(shown_by(role, parlor, Path(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
