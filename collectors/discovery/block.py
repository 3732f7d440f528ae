"""How block devices lie on each other: partitions in disks, mapped devices on what they are made of."""

from __future__ import annotations

import os.path
import re

import msgspec

from collectors.host import Host

CLASS = "/sys/class/block"
DEEPEST = 16
"""Devices on top of each other, against a tree that changes while it is read."""
LVM = re.compile(r"(?P<group>(?:[^-]|--)+)-(?!-)(?P<volume>(?:[^-]|--)*)")
"""Of a mapped name; a dash inside a name is doubled (dmsetup(8), lvm)."""


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """What the device mapper says of a device; empty for one that is not mapped."""

    name: str = ""
    group: str = ""
    """The volume group that it is a volume of."""
    volume: str = ""
    """Of that group; what LVM adds for its own use (``-tpool``) is left out."""
    multipath: bool = False


def mapped(host: Host, device: str) -> Mapped:
    folder = f"{CLASS}/{device}/dm"
    try:
        name, uuid = host.read(f"{folder}/name", 512).strip(), host.read(f"{folder}/uuid", 512).strip()
    except OSError:
        return Mapped()
    lvm = LVM.match(name) if uuid.startswith("LVM-") else None
    return Mapped(
        name=name,
        group=lvm["group"].replace("--", "-") if lvm else "",
        volume=lvm["volume"].replace("--", "-") if lvm else "",
        multipath=uuid.startswith("mpath-"),
    )


def below(host: Host, device: str) -> list[str]:
    """What it is made of, one step down."""
    try:
        return sorted(host.list(f"{CLASS}/{device}/slaves"))
    except OSError:
        return []


def whole(host: Host, device: str) -> str:
    """``sda1`` → ``sda``: a partition's folder lies in its disk's."""
    target = os.path.realpath(host.path(f"{CLASS}/{device}"))
    if os.path.exists(f"{target}/partition"):  # noqa: PTH110
        target = os.path.dirname(target)  # noqa: PTH120
    return os.path.basename(target)  # noqa: PTH119


def under(host: Host, device: str, steps: int = DEEPEST) -> str:
    """The whole disk under a device; or the array, pool or multipath disk, where it is made of several."""
    parts = below(host, device)
    known = mapped(host, device)
    if device.startswith("md") or known.multipath or not parts or not steps:
        return whole(host, device)
    if len(parts) == 1:
        return under(host, parts[0], steps - 1)
    return known.group or whole(host, device)
