"""`python -m checks METRICS`: all checks of the tree; then each of the mistakes of `planted.py`, which they must find. The folder METRICS
holds what running processes have shown."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import metrics, network, planted, pods, programs, queries, schemas, wiring
from .rendered import OVERLAYS, CannotRender, render

ROOT = Path(__file__).resolve().parents[3]
TESTS = ROOT / "tests/ops/alerts_test.yaml"
PARLOR = os.environ.get("PARLOR_BIN_FOLDER", str(ROOT / "target/debug")) + "/parlor"
NATS = os.environ.get("PARLOR_TEST_NATS", "nats-server")


def of_overlay(root: Path, overlay: str):
    """All that is wrong with an overlay of a tree."""
    try:
        objects = render(root / "k8s", overlay)
    except CannotRender as error:
        yield str(error)
        return
    readme = (root / "k8s/README.md").read_text()
    yield from schemas.check(objects)
    yield from pods.check(objects)
    yield from network.check(objects)
    yield from wiring.check(objects, readme)
    yield from programs.check(objects, PARLOR, NATS)


def of_queries(root: Path, shown):
    return queries.check(root, TESTS, os.environ["PROMTOOL"], shown)


def copy_of_tree(into: Path):
    """What is checked, in another place: there the variant is added, and mistakes are planted."""
    shutil.copytree(ROOT / "k8s", into / "k8s")
    (into / "docs").mkdir()
    shutil.copy(ROOT / "docs/alerts.md", into / "docs")


def lint(folder: Path):
    """Prometheus' own opinion of what is shown."""
    for role in metrics.ROLES:
        with (folder / f"{role}.metrics").open() as text:
            done = subprocess.run(
                [os.environ["PROMTOOL"], "check", "metrics"], stdin=text, capture_output=True, text=True
            )
        if done.returncode != 0:
            yield f"{role}: {(done.stdout + done.stderr).strip()}"


def main(folder):
    """The exit code."""
    shown = metrics.read(Path(folder))
    with tempfile.TemporaryDirectory() as tree:
        tree = Path(tree)
        copy_of_tree(tree)
        wrong = list(lint(Path(folder)))
        for overlay in OVERLAYS:
            wrong += [f"{overlay}: {what}" for what in of_overlay(tree, overlay)]
        wrong += of_queries(tree, shown)
    if not wrong:
        wrong = list(planted.unnoticed(copy_of_tree, of_overlay, lambda root: of_queries(root, shown)))
    print(*(wrong or [summary()]), sep="\n")
    return 1 if wrong else 0


def summary():
    alerts, panels = len(queries.Folder(ROOT).rules()), len(list(queries.Folder(ROOT).panels()))
    return f"{len(OVERLAYS)} overlays, {alerts} alerts, {panels} queries; each of {len(planted.MISTAKES)} planted mistakes was found"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
