"""Alerts and the dashboard: whether Prometheus reads them, whether each alert is tried and has its page, and whether the metrics
that they ask for are shown by a running process."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

import yaml

# What is told by Prometheus itself, and the labels that it gives.
OF_PROMETHEUS = {"up"}
SCRAPED = {"job", "instance", "namespace", "pod"}


class Folder:
    """Where alerts and the dashboard are."""

    def __init__(self, root: Path):
        self.root = root
        self.observability = root / "k8s/components/observability"
        self.alerts = self.observability / "alerts.yaml"

    def rules(self):
        groups = yaml.safe_load(self.alerts.read_text())["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def panels(self):
        """Title and expression of each query, as Prometheus would be asked, and the name of the panel."""
        dashboard = json.loads((self.observability / "parlor-dashboard.json").read_text())
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                query = target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
                yield panel["title"], query


def check(root: Path, tests: Path, promtool: str, metrics: dict):
    folder = Folder(root)
    yield from prometheus_reads(folder, promtool)
    yield from each_alert_is_tried(folder, tests, promtool)
    yield from each_alert_has_its_page(folder)
    yield from the_operator_has_the_same(folder)
    yield from what_is_asked_for_is_shown(folder, metrics)


def run(promtool, *words):
    done = subprocess.run([promtool, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        yield f"promtool {words[0]} {words[1]}: {(done.stdout + done.stderr).strip()}"


def prometheus_reads(folder, promtool):
    yield from run(promtool, "check", "rules", folder.alerts)
    # Each query of the dashboard as a rule, which promtool can read.
    rules = [
        {"record": f"panel:{number}", "expr": query, "labels": {"panel": title}}
        for number, (title, query) in enumerate(folder.panels())
    ]
    if not rules:
        yield "the dashboard asks for nothing"
    for rule in rules:
        if "$" in rule["expr"]:
            yield f"panel {rule['labels']['panel']}: an unknown variable in {rule['expr']}"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        yield from run(promtool, "check", "rules", file.name)


def each_alert_is_tried(folder, tests, promtool):
    """Each is seen to be raised, and seen not to be."""
    text = tests.read_text()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(re.sub(r"^  - .*alerts\.yaml$", f"  - {folder.alerts}", text, flags=re.MULTILINE))
        file.flush()
        yield from run(promtool, "test", "rules", file.name)
    seen = {True: set(), False: set()}
    for test in yaml.safe_load(text)["tests"]:
        for one in test["alert_rule_test"]:
            seen[bool(one["exp_alerts"])].add(one["alertname"])
    for rule in folder.rules():
        if rule["alert"] not in seen[True]:
            yield f"{rule['alert']}: no test sees it raised"
        if rule["alert"] not in seen[False]:
            yield f"{rule['alert']}: no test sees it keep quiet"


def each_alert_has_its_page(folder):
    for rule in folder.rules():
        name, annotations = rule["alert"], rule["annotations"]
        if rule["labels"].get("severity") not in ("critical", "warning"):
            yield f"{name}: how bad is it?"
        page, _, anchor = annotations.get("runbook_url", "").partition("#")
        if anchor != name.lower() or not annotations.get("summary"):
            yield f"{name}: lacks a summary, or a runbook of its own"
        elif not re.search(rf"^#+ {name}$", (folder.root / page).read_text(), re.MULTILINE):
            yield f"{name}: is not in {page}"
    told = re.findall(r"^### (Parlor\w+)$", (folder.root / "docs/alerts.md").read_text(), re.MULTILINE)
    for name in set(told) - {rule["alert"] for rule in folder.rules()}:
        yield f"{name}: docs/alerts.md tells of an alert that there is not"


def the_operator_has_the_same(folder):
    rule = yaml.safe_load((folder.observability / "prometheus-rule.yaml").read_text())
    if rule["spec"] != yaml.safe_load(folder.alerts.read_text()):
        yield "prometheus-rule.yaml differs from alerts.yaml: run tests/ops/prometheus-rule"


def what_is_asked_for_is_shown(folder, metrics):
    """Names, and the values of labels, as gateway, writer and solo show them."""
    asked = [(rule["alert"], rule["expr"]) for rule in folder.rules()]
    asked += [(f"panel {title}", query) for title, query in folder.panels()]
    for scaler in folder.root.glob("k8s/components/keda/scaled-object.yaml"):
        triggers = yaml.safe_load(scaler.read_text())["spec"]["triggers"]
        asked += [("ScaledObject", one["metadata"]["query"]) for one in triggers if "query" in one["metadata"]]
    roles = [metrics["gateway"], metrics["writer"]]
    for who, expression in asked:
        for name, selector in re.findall(r"\b((?:parlor|process)_\w+|up\b)(?:\{([^}]*)\})?", expression):
            if name in OF_PROMETHEUS:
                continue
            series = [labels for shown in roles for labels in shown.get(name, [])]
            if not series:
                yield f"{who}: no process shows {name}"
            elif not any(fits(labels, selector) for labels in series):
                yield f"{who}: no {name} is shown with {selector}"
    for role in ("gateway", "writer"):
        for name in metrics[role].keys() - metrics["solo"].keys():
            yield f"{name}: a {role} shows it, and solo does not"


def fits(labels, selector):
    """Whether a shown series would be selected. What a scrape adds is not known here."""
    for key, operator, value in re.findall(r'(\w+)(=~|!=|!~|=)"([^"]*)"', selector):
        if key in SCRAPED:
            continue
        if key not in labels or (operator == "=" and labels[key] != value):
            return False
    return True
