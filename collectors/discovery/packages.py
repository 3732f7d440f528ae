"""Which packages were changed lately, by the logs of dpkg, dnf, yum, zypper and pacman."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from collectors.host import Host
from wire.inventory import PackageChange

TAIL = 64 * 1024
LATEST = 32
FRESH_SECONDS = 600.0
DPKG = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (install|upgrade|remove|purge) (\S+) (\S+) (\S+)")
DNF = re.compile(
    r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:?\d\d)) \w+ "
    r"(Installed|Upgraded|Upgrade|Erased|Removed|Downgraded): (\S+)"
)
YUM = re.compile(r"^(\w{3} \d\d \d\d:\d\d:\d\d) (Installed|Updated|Erased): (\S+)")
PACMAN = re.compile(
    r"^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4})\] \[ALPM\] (installed|upgraded|removed) (\S+) \(([^)]*)\)"
)
ZYPPER = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\|(install|remove) *\|([^|]+)\|([^|]*)\|")
"""It tells an upgrade as an install."""
RPM = re.compile(r"^(?:\d+:)?(.+)-(?:\d+:)?([^-]+-[^-]+)$")


def package_changes(host: Host) -> Iterator[PackageChange]:
    yield from host.cached("package changes", FRESH_SECONDS, lambda: _newest(host))


def _newest(host: Host) -> list[PackageChange]:
    found: list[PackageChange] = []
    for path, read in LOGS:
        try:
            text = _tail(host, path)
        except OSError:
            continue
        found += [change for line in text.splitlines() if (change := read(line)) is not None]
    return sorted(found, key=lambda change: change.at)[-LATEST:]


def _tail(host: Host, path: str) -> str:
    with host.open(path) as descriptor:
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, TAIL, max(0, size - TAIL)).decode("utf-8", "replace")


def _dpkg(line: str) -> PackageChange | None:
    match = DPKG.match(line)
    if match is None:
        return None
    at = _moment(match[1], "%Y-%m-%d %H:%M:%S")
    version = match[5] if match[5] != "<none>" else match[4]
    return _change(at, match[2], match[3].partition(":")[0], version)


def _dnf(line: str) -> PackageChange | None:
    match = DNF.match(line)
    return _rpm(_zoned(match[1]), match[2], match[3]) if match is not None else None


def _yum(line: str) -> PackageChange | None:
    """It tells no year: the latest such day that is not to come."""
    match = YUM.match(line)
    if match is None:
        return None
    year = time.localtime().tm_year
    at = _moment(f"{year} {match[1]}", "%Y %b %d %H:%M:%S")
    if at > time.time() + 86_400:
        at = _moment(f"{year - 1} {match[1]}", "%Y %b %d %H:%M:%S")
    return _rpm(at, match[2], match[3])


def _pacman(line: str) -> PackageChange | None:
    match = PACMAN.match(line)
    if match is None:
        return None
    return _change(_zoned(match[1]), match[2], match[3], match[4].rpartition("-> ")[2])


def _zypper(line: str) -> PackageChange | None:
    match = ZYPPER.match(line)
    return _change(_moment(match[1], "%Y-%m-%d %H:%M:%S"), match[2], match[3], match[4]) if match else None


def _rpm(at: float, action: str, package: str) -> PackageChange | None:
    match = RPM.match(package)
    return _change(at, action.lower(), match[1] if match else package, match[2] if match else "")


def _change(at: float, action: str, name: str, version: str) -> PackageChange | None:
    if not 0 < at < 1e11:
        return None
    return PackageChange(at=at, action=action, name=name[:256], version=version[:256])


def _moment(text: str, form: str) -> float:
    """In the time of the host; 0 of a date that does not exist."""
    try:
        return time.mktime(time.strptime(text, form))
    except (ValueError, OverflowError):
        return 0.0


def _zoned(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0


LOGS: tuple[tuple[str, Callable[[str], PackageChange | None]], ...] = (
    ("/var/log/dpkg.log", _dpkg),
    ("/var/log/dnf.rpm.log", _dnf),
    ("/var/log/yum.log", _yum),
    ("/var/log/zypp/history", _zypper),
    ("/var/log/pacman.log", _pacman),
)
