"""Was something installed that only takes effect after a reboot? Value: packages that ask for one."""

from __future__ import annotations

import os
from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "host.reboot_pending"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=600 * SECOND)
ASKED = ("/run/reboot-required", "/var/run/reboot-required")
PACKAGES = ".pkgs"
MODULES = ("/lib/modules", "/usr/lib/modules")


def read(host: Host) -> Iterable[Judgement]:
    """Debian's flag; elsewhere a running kernel whose modules an update took away."""
    asked = next((path for path in ASKED if host.exists(path)), "")
    packages = _packages(host, asked + PACKAGES) if asked else []
    running = _release(host)
    installed = _installed(host)
    replaced = bool(installed) and running not in installed
    yield judged(
        SIGNAL,
        entity.host(host.name),
        Reason.HIGH if asked or replaced else Reason.OK,
        len(packages),
        packages=", ".join(packages[:20]),
        running_kernel=running,
        installed_kernels=", ".join(installed[:10]) if replaced else "",
    )


def _packages(host: Host, path: str) -> list[str]:
    try:
        return sorted(set(host.read(path, 65_536).split()))
    except OSError:
        return []


def _release(host: Host) -> str:
    return os.uname().release if host.real else host.read("/proc/sys/kernel/osrelease", 256).strip()


def _installed(host: Host) -> list[str]:
    """Kernels whose modules are complete: an old folder may hold remains."""
    found = {
        name
        for folder in MODULES
        if host.exists(folder)
        for name in host.list(folder)
        if host.exists(f"{folder}/{name}/modules.dep")
    }
    return sorted(found)
