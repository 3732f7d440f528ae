"""What the machine is: kernel and distribution."""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import gauge
from collectors.host import Host

UNAME = ("domainname", "machine", "nodename", "release", "sysname", "version")
OS_FIELDS = (
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
)
"""os-release(5)"""


def uname(host: Host) -> Iterator[Metric]:
    told = os.uname()
    facts = {name: getattr(told, name) for name in UNAME[1:]}
    for name, file in (("release", "osrelease"), ("version", "version"), ("nodename", "hostname")):
        if not host.real:
            facts[name] = host.read(f"/proc/sys/kernel/{file}", 512).strip()
    facts["domainname"] = host.read("/proc/sys/kernel/domainname", 512).strip()
    labels = tuple(facts[name] for name in UNAME)
    text = "Labeled system information as provided by the uname system call."
    yield gauge("node_uname_info", text, UNAME, [(labels, 1.0)])


def os_release(host: Host) -> Iterator[Metric]:
    path = "/etc/os-release" if host.exists("/etc/os-release") else "/usr/lib/os-release"
    told: dict[str, str] = {}
    for line in host.read(path, 65_536).splitlines():
        name, _, value = line.partition("=")
        told[name.strip().lower()] = value.strip().strip("\"'")
    labels = tuple(told.get(name, "") for name in OS_FIELDS)
    text = "A metric with a constant '1' value labeled by the fields of os-release."
    yield gauge("node_os_info", text, OS_FIELDS, [(labels, 1.0)])
