"""Reads inventories of hardware: lspci and dmidecode."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

SLOT = re.compile(r"^((?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])\s+(.+?)\s*$")
CLASS = re.compile(r"^(.{1,80}?)(?:\s*\[[0-9a-fA-F]{4}\])?:\s+(.*)$")
REVISION = re.compile(r"\(rev [0-9a-f]{2}\)")
GONE = "(rev ff)"
MACHINE_KEYS = frozenset(
    ["Slot", "Class", "Vendor", "Device", "SVendor", "SDevice", "Driver", "Module", "Rev"]
)
HANDLE = re.compile(r"^Handle 0x[0-9A-Fa-f]+(?:, DMI type \d{1,3}|$)")
TYPE = re.compile(r"^\s+DMI type \d{1,3}")
"""On a line of its own by dmidecode before 2.3."""
SYSTEM = {"System Information": "system", "BIOS Information": "bios", "Base Board Information": "board"}
SYSTEM |= {"Chassis Information": "chassis"}
UNTOLD = frozenset(["", "Not Specified", "To Be Filled By O.E.M.", "None", "Default string", "Unknown"])
EMPTY_SLOT = "No Module Installed"


class Device(msgspec.Struct):
    """One PCI function."""

    slot: str
    kind: str = ""
    name: str = ""
    driver: str = ""


class Machine(msgspec.Struct):
    """What the firmware's tables say."""

    sections: dict[str, dict[str, str]]
    memory: list[dict[str, str]]


def parse_pci(raw: bytes) -> list[Device]:
    """Plain, -k, -v, -nn and -vmm. Raises ValueError for a text without a device."""
    devices: list[Device] = []
    lines = lines_of(raw)
    for line in lines:
        match = SLOT.match(line)
        key, colon, value = (part.strip() for part in line.partition(":"))
        if match is not None:
            kind = CLASS.match(match[2])
            devices.append(Device(match[1], kind[1] if kind else "", kind[2] if kind else match[2]))
        elif colon and key == "Slot":
            devices.append(Device(value))
        elif devices and colon:
            _pci_detail(devices[-1], key, value)
    if not devices and not any(CLASS.match(line) and REVISION.search(line) for line in lines):
        raise ValueError("no device, as lspci lists them")
    return devices


def _pci_detail(device: Device, key: str, value: str) -> None:
    if key in {"Kernel driver in use", "Driver"}:
        device.driver = value
    elif key == "Class":
        device.kind = value
    elif key in {"Vendor", "Device"} and key in MACHINE_KEYS:
        device.name = f"{device.name} {value}".strip()


def pci_facts(devices: list[Device]) -> dict[str, JSON]:
    return {
        "devices": {one.slot: {"class": one.kind, "name": one.name, "driver": one.driver} for one in devices}
    }


def judge_pci(devices: list[Device], host: Host) -> Iterable[Judgement]:
    """A device that fell off its bus answers every read with ones: lspci sees revision ff."""
    for one in devices:
        if GONE in one.name:
            place = one.slot if one.slot.count(":") == 2 else f"0000:{one.slot}"
            yield judged(
                "hw.pcie", entity.slot(host.name, place), Reason.ERRORS, None, found="does not answer"
            )


def parse_dmi(raw: bytes) -> Machine:
    """Raises ValueError for a text without dmidecode's head or handles."""
    sections: dict[str, dict[str, str]] = {}
    memory: list[dict[str, str]] = []
    current: dict[str, str] = {}
    recognised = False
    title_next = False
    for line in lines_of(raw):
        if HANDLE.match(line):
            recognised, title_next = True, True
            current = {}
        elif title_next and line.strip() and not TYPE.match(line):
            title_next = False
            title = line.strip()
            current = {}
            if title in SYSTEM:
                current = sections.setdefault(SYSTEM[title], current)
            elif title == "Memory Device":
                memory.append(current)
        elif ":" in line:
            key, _, value = line.strip().partition(":")
            current.setdefault(key.strip(), value.strip())
        recognised |= line.startswith(("# dmidecode", "SMBIOS"))
    if not recognised:
        raise ValueError("no handle of dmidecode")
    return Machine(sections, memory)


def dmi_facts(machine: Machine) -> dict[str, JSON]:
    def told(section: str, key: str) -> str:
        value = machine.sections.get(section, {}).get(key, "")
        return "" if value in UNTOLD else value

    return {
        "manufacturer": told("system", "Manufacturer"),
        "product": told("system", "Product Name"),
        "serial": told("system", "Serial Number"),
        "uuid": told("system", "UUID"),
        "bios_vendor": told("bios", "Vendor"),
        "bios_version": told("bios", "Version"),
        "bios_date": told("bios", "Release Date"),
        "dimms": {
            one.get("Locator", str(at)): one.get("Size", "")
            for at, one in enumerate(machine.memory)
            if one.get("Size", EMPTY_SLOT) != EMPTY_SLOT
        },
    }


def _nothing(_found: object, _host: Host) -> Iterable[Judgement]:
    """An inventory says what is there, not how it is."""
    return ()


SOURCES = (
    Source(kinds=("lspci", "fabric_manager"), parse=parse_pci, judge=judge_pci, facts=pci_facts),
    Source(kinds=("dmidecode", "dmi", "host"), parse=parse_dmi, judge=_nothing, facts=dmi_facts),
)
