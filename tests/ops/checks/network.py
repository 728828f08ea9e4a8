"""Who can reach whom, by the rules of NetworkPolicies: both sides must allow it."""

from .rendered import pod_of, selects, workloads

# From, to, port: whether it is to be possible. Pods of CloudNativePG are made by its operator: they are known by their label.
DATABASE = {"cnpg.io/cluster": "parlor-db"}
OUTSIDE = {"outside": "yes"}
WAYS = [
    ("outside", "gateway", 8080, True),
    ("outside", "gateway", 9090, False),
    ("outside", "writer", 9090, False),
    ("outside", "bus", 4222, False),
    ("outside", "bus", 8222, False),
    ("outside", "store", 5432, False),
    ("gateway", "bus", 4222, True),
    ("writer", "bus", 4222, True),
    ("bus", "bus", 6222, True),
    ("gateway", "bus", 6222, False),
    ("gateway", "bus", 8222, False),
    ("gateway", "store", 5432, False),
    ("bus", "store", 5432, False),
    ("writer", "store", 5432, True),
    ("migrate", "store", 5432, True),
    ("gateway", "writer", 9090, False),
    ("gateway", "outside", 443, False),
    ("gateway", "outside", 4318, False),
    ("writer", "outside", 443, False),
]


def check(objects):
    pods = places(objects)
    for source, target, port, expected in WAYS:
        if reaches(objects, pods[source], pods[target], port) != expected:
            yield f"{source} {'cannot reach' if expected else 'can reach'} {target} at {port}"
    # One end that refuses is enough, and here both are to: a gateway stands on the internet.
    if leaves(objects, pods["gateway"], pods["store"], 5432):
        yield "gateway may leave for the store"
    if comes_in(objects, pods["gateway"], pods["store"], 5432):
        yield "the store lets a gateway in"
    stray = {"some": "pod"}
    specs = [one["spec"] for one in objects.of("NetworkPolicy") if selects(one["spec"]["podSelector"], stray)]
    if {kind for spec in specs for kind in spec["policyTypes"]} != {"Ingress", "Egress"}:
        yield "a pod that nobody has named is not confined"


def places(objects):
    """Labels and named ports of each kind of pod."""
    pods = {"outside": OUTSIDE, "store": DATABASE}
    for workload in workloads(objects):
        labels, _ = pod_of(workload)
        pods[labels["app.kubernetes.io/component"]] = labels
    return pods


def reaches(objects, source, target, port):
    return leaves(objects, source, target, port) and comes_in(objects, source, target, port)


def leaves(objects, source, target, port):
    return source is OUTSIDE or lets(objects, source, target, port, "Egress", "to")


def comes_in(objects, source, target, port):
    return target is OUTSIDE or lets(objects, target, source, port, "Ingress", "from")


def lets(objects, own, other, port, kind, end):
    """Whether the policies of a pod let it be at one end of a way."""
    specs = [one["spec"] for one in objects.of("NetworkPolicy") if selects(one["spec"]["podSelector"], own)]
    specs = [spec for spec in specs if kind in spec["policyTypes"]]
    if not specs:
        return True
    # The ports are those of whoever is reached.
    names = port_names(objects, own if kind == "Ingress" else other)
    rules = [rule for spec in specs for rule in spec.get(kind.lower(), [])]
    return any(has_peer(rule.get(end), other) and has_port(rule.get("ports"), port, names) for rule in rules)


def has_peer(peers, other):
    if peers is None:
        return True
    # Pods of this namespace; another namespace is none of those that are asked about.
    return any(
        "namespaceSelector" not in peer and selects(peer["podSelector"], other)
        for peer in peers
        if other is not OUTSIDE
    )


def has_port(ports, port, names):
    return ports is None or any(names.get(one.get("port"), one.get("port")) == port for one in ports)


def port_names(objects, labels):
    for workload in workloads(objects):
        own, pod = pod_of(workload)
        if own == labels:
            ports = [port for container in pod["containers"] for port in container.get("ports", [])]
            return {port["name"]: port["containerPort"] for port in ports}
    return {"metrics": 9187}
