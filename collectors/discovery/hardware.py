"""The machine by its firmware, and its disks: what links a ticket to a device in somebody's register."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.host import Host
from wire.inventory import Disk, Machine

DMI = "/sys/class/dmi/id"
BLOCK = "/sys/block"
UNTOLD = frozenset(
    ["", "none", "default string", "to be filled by o.e.m.", "not specified", "system serial number"]
)
VIRTUAL = re.compile(
    r"qemu|kvm|vmware|virtualbox|xen|bochs|virtual machine|openstack|amazon ec2|google", re.IGNORECASE
)
NO_DISK = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd)\d*")
SECTOR = 512
LONGEST = 256


def machine(host: Host) -> Machine:
    """Kernel: Documentation/ABI/testing/sysfs-firmware-dmi-entries. Empty where there is no such firmware."""
    vendor, model = _told(host, "sys_vendor"), _told(host, "product_name")
    bios = " ".join(filter(None, (_told(host, "bios_version"), _told(host, "bios_date"))))
    return Machine(
        vendor=vendor,
        model=model,
        serial=_told(host, "product_serial"),
        bios=bios[:LONGEST],
        virtual=bool(VIRTUAL.search(f"{vendor} {model}")),
    )


def disks(host: Host) -> Iterator[Disk]:
    for name in sorted(host.list(BLOCK)):
        if NO_DISK.fullmatch(name):
            continue
        folder = f"{BLOCK}/{name}"
        sectors = _line(host, f"{folder}/size")
        yield Disk(
            name=name[:LONGEST],
            model=_line(host, f"{folder}/device/model"),
            serial=_line(host, f"{folder}/device/serial") or _line(host, f"{folder}/serial"),
            size=int(sectors) * SECTOR if sectors.isdigit() and len(sectors) < 18 else 0,
            rotational=_line(host, f"{folder}/queue/rotational") == "1",
        )


def _told(host: Host, name: str) -> str:
    """Makers leave fields as they came from the factory of the board."""
    value = _line(host, f"{DMI}/{name}")
    return "" if value.lower() in UNTOLD else value


def _line(host: Host, path: str) -> str:
    try:
        text = host.read(path, LONGEST).strip()
    except OSError:
        return ""
    return "".join(character if character.isprintable() else "?" for character in text)
