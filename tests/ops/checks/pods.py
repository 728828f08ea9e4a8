"""How pods are to be: confined, sized, probed, spread, and given the time that they need to go."""

import re

from .rendered import name_of, pod_of, workloads

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def check(objects):
    for workload in workloads(objects):
        _, pod = pod_of(workload)
        found = [*confined(pod), *sized(pod), *probed(workload, pod), *tagged(pod)]
        if workload["kind"] != "Job":
            found += spread(objects, workload, pod)
        yield from (f"{name_of(workload)}: {what}" for what in found)
    yield from rolled_out(objects)
    yield from gateway_has_time(objects)
    yield from nats_has_time(objects)


def confined(pod):
    """The restricted standard for pods, and a read-only root."""
    security = pod.get("securityContext", {})
    if not security.get("runAsNonRoot") or not security.get("runAsUser"):
        yield "may run as root"
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "is given a token of the API server"
    if pod.get("enableServiceLinks") is not False:
        # PARLOR_GATEWAY_PORT=tcp://…: to Parlor a key that is not written right.
        yield "is told of every Service in its environment"
    for container in pod["containers"]:
        own = container.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False or own.get("capabilities") != {"drop": ["ALL"]}:
            yield "keeps capabilities, or may gain some"
        if not own.get("readOnlyRootFilesystem"):
            yield "may write to its image"


def sized(pod):
    for container in pod["containers"]:
        resources = container.get("resources", {})
        requests, limits = resources.get("requests", {}), resources.get("limits", {})
        if not {"cpu", "memory"} <= requests.keys():
            yield "asks for no processor or no memory"
        if "memory" not in limits:
            yield "has no limit of memory"
        if "cpu" in limits:
            yield "has a limit of the processor"


def tagged(pod):
    for container in pod["containers"]:
        _, _, tag = container["image"].rpartition("/")[2].partition(":")
        if not tag or tag == "latest":
            yield f"{container['image']} is an image without a version"


def probed(workload, pod):
    """Alive is one question, ready is another; Parlor's own answer to the first never depends on others."""
    if workload["kind"] == "Job":
        return
    for container in pod["containers"]:
        ready, alive = container.get("readinessProbe"), container.get("livenessProbe")
        if not ready:
            yield "has no readiness probe"
        if not container["image"].rpartition("/")[2].startswith("parlor:"):
            continue
        paths = [
            (probe or {}).get("httpGet", {}).get("path") for probe in (alive, ready, container.get("startupProbe"))
        ]
        if paths != ["/healthz", "/readyz", "/healthz"]:
            yield f"is probed at {paths}"


def spread(objects, workload, pod):
    if objects.overlay == "dev" and workload["spec"].get("replicas") == 1:
        return
    keys = {constraint["topologyKey"] for constraint in pod.get("topologySpreadConstraints", [])}
    if keys != {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
        yield "is not spread over zones and machines"


def rolled_out(objects):
    """Nobody goes before somebody else is there."""
    for workload in objects.of("Deployment"):
        rolling = workload["spec"].get("strategy", {}).get("rollingUpdate", {})
        if rolling.get("maxUnavailable") != 0:
            yield f"{name_of(workload)}: goes before somebody else is there"


def seconds(text):
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([0-9.]+)(ms|s|m|h)", text))


def gateway_has_time(objects):
    gateway = objects.find("Deployment", "parlor-gateway")
    _, pod = pod_of(gateway)
    container = pod["containers"][0]
    sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    if not sleep:
        yield f"{name_of(gateway)}: has no preStop sleep"
    settings = environment_files(objects, container)
    drain = [settings.get(f"PARLOR__DRAIN__{phase}") for phase in ("UNREADY", "SPREAD", "GRACE")]
    if None in drain:
        yield f"{name_of(gateway)}: does not say how it drains"
        return
    needed = sleep + sum(map(seconds, drain))
    grace = pod.get("terminationGracePeriodSeconds", 30)
    if grace < 40 or grace <= needed:
        yield f"{name_of(gateway)}: is killed after {grace} s, and takes up to {needed:g} s to go"


def nats_has_time(objects):
    nats = objects.find("StatefulSet", "parlor-nats")
    _, pod = pod_of(nats)
    config = next(one for one in objects.of("ConfigMap") if one["metadata"]["name"].startswith("parlor-nats-config"))
    phases = re.findall(r'lame_duck_\w+: "([^"]+)"', config["data"]["nats.conf"])
    needed = sum(map(seconds, phases))
    if len(phases) != 2 or pod.get("terminationGracePeriodSeconds", 30) <= needed:
        yield f"{name_of(nats)}: is killed before its {needed:g} s as a lame duck are over"
    hook = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [])
    if not any(word.startswith("ldm=") for word in hook):
        yield f"{name_of(nats)}: does not go as a lame duck"


def environment_files(objects, container):
    """What a container's ConfigMaps say."""
    settings = {}
    for source in container.get("envFrom", []):
        config = objects.find("ConfigMap", source["configMapRef"]["name"])
        settings.update(config["data"] if config else {})
    return settings
