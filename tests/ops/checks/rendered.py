"""The overlays, rendered: each a list of objects as they would be applied."""

import os
import shlex
import subprocess
from pathlib import Path

import yaml

# Beside the overlays: production with the components that it does not have by itself.
VARIANT = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: parlor
resources: [../../base]
components:
  - ../../components/cloudnative-pg
  - ../../components/observability
  - ../../components/keda
  - ../../components/ingress
images:
  - {name: parlor, newTag: 0.1.0}
  - {name: nats, newTag: 2.12.1-alpine}
"""
OVERLAYS = ("dev", "prod", "variant")


class CannotRender(Exception):
    """Kustomize has refused a folder."""


class Rendered(list):
    """The objects of an overlay."""

    def __init__(self, overlay, objects):
        super().__init__(objects)
        self.overlay = overlay

    def of(self, *kinds):
        """All objects of these kinds."""
        return [one for one in self if one["kind"] in kinds]

    def find(self, kind, name):
        """The object of this kind and name; None if there is none."""
        return next((one for one in self.of(kind) if one["metadata"]["name"] == name), None)


def render(k8s: Path, overlay: str) -> Rendered:
    """Renders an overlay of a folder like `k8s`, to which the variant is added."""
    folder = k8s / "overlays" / overlay
    if overlay == "variant":
        folder.mkdir(exist_ok=True)
        (folder / "kustomization.yaml").write_text(VARIANT)
    command = shlex.split(os.environ["KUSTOMIZE"])
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotRender(f"{overlay} cannot be rendered: {done.stderr.strip()}")
    if done.stderr.strip():
        raise CannotRender(f"{overlay}: {done.stderr.strip()}")
    return Rendered(overlay, [one for one in yaml.safe_load_all(done.stdout) if one])


def name_of(one) -> str:
    """An object, as one speaks of it."""
    return f"{one['kind']} {one['metadata']['name']}"


def workloads(objects: Rendered):
    """What makes pods."""
    return objects.of("Deployment", "StatefulSet", "Job")


def pod_of(workload):
    """The labels and the spec of its pods."""
    template = workload["spec"]["template"]
    return template["metadata"]["labels"], template["spec"]


def selects(selector, labels) -> bool:
    """Whether a label selector (with `matchLabels`, `matchExpressions`) selects these labels."""
    exact = selector.get("matchLabels", {}).items()
    tests = {"In": lambda value, values: value in values, "NotIn": lambda value, values: value not in values}
    terms = selector.get("matchExpressions", [])
    return all(labels.get(key) == value for key, value in exact) and all(
        tests[term["operator"]](labels.get(term["key"]), term["values"]) for term in terms
    )
