"""Whether what names something else names something that is there; and that no secret stands in the open."""

import re

from .rendered import name_of, pod_of, selects, workloads

# Made by an operator, not by whoever installs.
MADE_BY_OPERATORS = {"parlor-db-app"}
# A balancer's patience must outlast the silence after which a gateway pings.
PING = 25


def check(objects, readme):
    yield from secrets(objects, readme)
    yield from configs(objects)
    yield from services(objects)
    yield from budgets(objects)
    yield from scaling(objects)
    yield from ways_in(objects)


def secrets(objects, readme):
    """By reference only, and each that has to be made is one that README.md tells to make."""
    yield from (f"{name_of(one)}: a secret in the open" for one in objects.of("Secret"))
    made = told_to_make(readme)
    for workload in workloads(objects):
        for container in pod_of(workload)[1]["containers"]:
            found = [*in_the_open(container), *unmade(container, made), *expansions(container)]
            yield from (f"{name_of(workload)}: {what}" for what in found)


def told_to_make(readme):
    """The Secrets that README.md makes, with their keys."""
    commands = re.findall(r"create secret generic (\S+)(.*)", readme.replace("\\\n", " "))
    return {name: set(re.findall(r"--from-literal=(\w+)=", keys)) for name, keys in commands}


def in_the_open(container):
    """A password may be put together of others, and nothing else."""
    for variable in container.get("env", []):
        is_secret = re.search("SECRET|PASSWORD", variable["name"]) and "value" in variable
        if is_secret and not re.fullmatch(r'"?\$\(\w+\)"?', variable["value"]):
            yield f"{variable['name']} stands in the open"


def unmade(container, made):
    for variable in container.get("env", []):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        if (
            reference
            and reference["name"] not in MADE_BY_OPERATORS
            and reference["key"] not in made.get(reference["name"], ())
        ):
            yield f"README.md does not tell to make {reference['key']} of {reference['name']}"


def expansions(container):
    """`$(NAME)` is put in only where NAME stands before it."""
    known = set()
    for variable in container.get("env", []):
        for name in re.findall(r"\$\((\w+)\)", variable.get("value", "")):
            if name not in known:
                yield f"{variable['name']} names {name}, which does not stand before it"
        known.add(variable["name"])


def configs(objects):
    for workload in workloads(objects):
        _, pod = pod_of(workload)
        named = [volume["configMap"]["name"] for volume in pod.get("volumes", []) if "configMap" in volume]
        for container in pod["containers"]:
            named += [source["configMapRef"]["name"] for source in container.get("envFrom", [])]
        for name in named:
            if not objects.find("ConfigMap", name):
                yield f"{name_of(workload)}: there is no ConfigMap {name}"


def pods_of(objects, selector):
    return [pod for labels, pod in map(pod_of, workloads(objects)) if selects({"matchLabels": selector}, labels)]


def services(objects):
    for service in objects.of("Service"):
        pods = pods_of(objects, service["spec"]["selector"])
        if len(pods) != 1:
            yield f"{name_of(service)}: selects {len(pods)} workloads"
            continue
        names = {port["name"] for container in pods[0]["containers"] for port in container.get("ports", [])}
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in names:
                yield f"{name_of(service)}: nobody has a port {port['targetPort']}"
            if port["targetPort"] == "admin":
                yield f"{name_of(service)}: shows the admin port"
    gateway = objects.find("Service", "parlor-gateway")
    if gateway["spec"]["ports"][0].get("appProtocol") != "kubernetes.io/ws":
        yield "Service parlor-gateway: does not say that it speaks WebSocket"


def budgets(objects):
    """Each workload of several pods has one, of one pod at a time."""
    selectors = [one["spec"]["selector"] for one in objects.of("PodDisruptionBudget")]
    for workload in objects.of("Deployment", "StatefulSet"):
        labels, _ = pod_of(workload)
        alone = workload["spec"].get("replicas") == 1
        if not alone and not any(selects(selector, labels) for selector in selectors):
            yield f"{name_of(workload)}: has no disruption budget"
    for one in objects.of("PodDisruptionBudget"):
        if one["spec"].get("maxUnavailable") != 1:
            yield f"{name_of(one)}: is not of one at a time"


def scaling(objects):
    gateway = objects.find("Deployment", "parlor-gateway")
    scalers = objects.of("HorizontalPodAutoscaler", "ScaledObject")
    if "replicas" in gateway["spec"] and scalers:
        yield "Deployment parlor-gateway: an apply would set back what the autoscaler has set"
    if len(scalers) != (0 if objects.overlay == "dev" else 1):
        yield f"{len(scalers)} autoscalers"
    for scaler in scalers:
        spec = scaler["spec"]
        if spec["scaleTargetRef"]["name"] != "parlor-gateway":
            yield f"{name_of(scaler)}: scales {spec['scaleTargetRef']['name']}"
        behavior = spec.get("behavior") or spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        down = behavior["scaleDown"]
        slow = down["stabilizationWindowSeconds"] >= 600 and all(
            policy["periodSeconds"] >= 120 for policy in down["policies"]
        )
        if not slow or [(policy["type"], policy["value"]) for policy in down["policies"]] != [("Pods", 1)]:
            yield f"{name_of(scaler)}: takes gateways away too fast"
        if "parlor_connections" not in str(spec):
            yield f"{name_of(scaler)}: does not look at connections"


def ways_in(objects):
    if objects.overlay != "dev" and not objects.of("Ingress", "HTTPRoute"):
        yield "there is no way in"
    for ingress in objects.of("Ingress"):
        for name in ("proxy-read-timeout", "proxy-send-timeout"):
            if int(ingress["metadata"]["annotations"].get(f"nginx.ingress.kubernetes.io/{name}", 60)) <= 4 * PING:
                yield f"{name_of(ingress)}: {name} ends quiet WebSockets"
    backends = re.findall(r"'(?:backendRefs|service)': \[?\{'name': '([^']+)'", str(objects.of("Ingress", "HTTPRoute")))
    yield from (f"there is no Service {name}" for name in backends if not objects.find("Service", name))
    listeners = {
        (one["metadata"]["name"], listener["name"])
        for one in objects.of("Gateway")
        for listener in one["spec"]["listeners"]
    }
    for route in objects.of("HTTPRoute"):
        for parent in route["spec"]["parentRefs"]:
            if (parent["name"], parent["sectionName"]) not in listeners:
                yield f"{name_of(route)}: there is no listener {parent['sectionName']}"
    ports = {port["port"] for port in objects.find("Service", "parlor-gateway")["spec"]["ports"]}
    for route in objects.of("HTTPRoute"):
        for rule in route["spec"]["rules"]:
            yield from (
                f"{name_of(route)}: there is no port {ref['port']}"
                for ref in rule.get("backendRefs", [])
                if ref["port"] not in ports
            )
