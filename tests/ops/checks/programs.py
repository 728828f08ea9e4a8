"""Whether the real programs take what the manifests give them: `parlor check-config` its environment, `nats-server` its
configuration."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from .pods import environment_files
from .rendered import name_of, pod_of, workloads

# Stands for every secret.
SECRET = "a-secret-of-more-than-32-bytes-for-the-test"
STORE = "postgres://parlor:secret@parlor-db-rw:5432/parlor"


def check(objects, parlor, nats_server):
    for workload in workloads(objects):
        _, pod = pod_of(workload)
        container = pod["containers"][0]
        image = container["image"].rpartition("/")[2].partition(":")[0]
        if image == "parlor":
            yield from (f"{name_of(workload)}: {what}" for what in check_parlor(objects, container, parlor))
        if image == "nats":
            yield from (f"{name_of(workload)}: {what}" for what in check_nats(objects, container, nats_server))


def environment(objects, container):
    """What a container would find in its environment, with secrets made up."""
    values = environment_files(objects, container)
    for variable in container.get("env", []):
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            value = STORE if source["secretKeyRef"]["key"] in ("url", "uri") else SECRET
        elif "fieldRef" in source:
            value = "parlor-nats-0"
        else:
            value = re.sub(r"\$\((\w+)\)", lambda name: values.get(name[1], name[0]), variable["value"])
        values[variable["name"]] = value
    return values


def check_parlor(objects, container, parlor):
    """All that is wrong with the configuration, in the words of the program; migrations have no role of their own there."""
    role = container["args"][0]
    values = environment(objects, container)
    if role == "migrate":
        role, values["PARLOR__BUS__URL"] = "writer", "nats://nowhere"
    done = subprocess.run(
        [parlor, "check-config", role], env={"PATH": os.environ["PATH"], **values}, capture_output=True, text=True
    )
    if done.returncode != 0:
        yield from (line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip())


def check_nats(objects, container, nats_server):
    mounted = next(mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "config")
    config = next(one for one in objects.of("ConfigMap") if one["metadata"]["name"].startswith("parlor-nats-config"))
    ports = {port["containerPort"] for port in container["ports"]}
    text = config["data"]["nats.conf"]
    listens = {
        int(port) for port in re.findall(r'(?:^|\s)port: (\d+)|http: "0\.0\.0\.0:(\d+)"', text) for port in port if port
    }
    if listens != ports:
        yield f"listens on {sorted(listens)}, and says {sorted(ports)}"
    with tempfile.TemporaryDirectory() as folder:
        for name, content in config["data"].items():
            (Path(folder) / name).write_text(content)
        path = container["args"][1].replace(mounted, folder)
        variables = {"PATH": os.environ["PATH"], **environment(objects, container)}
        done = subprocess.run([nats_server, "--config", path, "-t"], env=variables, capture_output=True, text=True)
    if done.returncode != 0:
        yield (done.stdout + done.stderr).replace(folder, mounted).strip()
