"""From the groups of a matched line to the typed id of what the line speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import re2

from rules.matching.engines import Span, spans_of
from rules.matching.signatures import fields_of
from wire.entity import Entity, host

MAX_VALUE = 128
"""Characters of one group; a name longer than this is no name."""

_WHOLE_DISK = re2.compile(
    r"^(?:/dev/)?(?:((?:[shv]|xv)d[a-z]+)\d*|((?:nvme\d+n\d+|mmcblk\d+|md\d+|loop\d+|nbd\d+))(?:p\d+)?)$"
)
_program = spans_of(
    r"^(?:<\d{1,3}>(?:\d )?)?"
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,:+Z-]*)"
    r" [\w.:-]*[\w.-] ([\w./@-]+?)(?:\[\d+\])?:? "
)


_SOURCES = {"mount": ("device", "path"), "service": ("unit", "process")}
"""What a field may be made from."""


class Places(Protocol):
    """What devices and paths of the host belong to; ``""`` where nobody knows."""

    def mount_of_device(self, device: str) -> str: ...

    def mount_of_path(self, path: str) -> str: ...

    def full_mount(self) -> str:
        """The one file system that is full now, where it is just one."""

    def pool_of_device(self, device: str) -> str:
        """Volume group and pool of a mapped device, which lines call by its number or its name."""


class Nowhere:
    """Of a host whose mounts and volumes are not known."""

    def mount_of_device(self, device: str) -> str:
        del device
        return ""

    def mount_of_path(self, path: str) -> str:
        del path
        return ""

    def full_mount(self) -> str:
        return ""

    def pool_of_device(self, device: str) -> str:
        del device
        return ""


NOWHERE = Nowhere()


def program_in(line: bytes) -> Span | None:
    """Where a syslog line says which program it is from."""
    _, span = _program(line)
    return span if span[0] >= 0 else None


def program_of(line: bytes) -> str:
    """The program that a syslog line says it is from, or ``""``."""
    span = program_in(line)
    return line[slice(*span)].decode() if span else ""


def groups_of(template: str, names: Iterable[str]) -> tuple[str, ...]:
    """The groups the template needs, in their order. ``nic2`` stands in where ``nic`` is missing."""
    wanted = set(fields_of(template))
    wanted.update(source for field in fields_of(template) for source in _SOURCES.get(field, ()))
    return tuple(name for name in names if name.rstrip("0123456789") in wanted)


def whole_disk(device: str) -> str:
    """``/dev/sda1`` → ``sda``, ``nvme0n1p2`` → ``nvme0n1``; other names stay."""
    found = _WHOLE_DISK.match(device)
    if found:
        return str(found.group(1) or found.group(2))
    return device.removeprefix("/dev/")


def entity_of(
    template: str, groups: Mapping[str, str], host_name: str, program: str, places: Places
) -> Entity:
    """The template filled in; the host itself where the line or the machine lacks a part of it."""
    values = {name.rstrip("0123456789"): _clean(value) for name, value in groups.items() if value}
    values["host"] = host_name
    if program and program != "kernel":
        values["program"] = _service(_clean(program))
    if "disk" in values:
        values["disk"] = whole_disk(values["disk"])
    if "process" in values:
        values["process"] = _process(values["process"])
        values.setdefault("service", values["process"])
    if "unit" in values:
        values["service"] = _service(values["unit"])
    if "{mount}" in template:
        values["mount"] = _clean(_mount(values, places))
    if "pool" in values:
        values["pool"] = _clean(places.pool_of_device(values["pool"])) or values["pool"]
    if "{full_mount}" in template:
        values["full_mount"] = _clean(places.full_mount())
    if any(not values.get(name) for name in fields_of(template)):
        return host(host_name)
    return template.format_map(values)


def _mount(values: Mapping[str, str], places: Places) -> str:
    if "device" in values:
        device = values["device"].removeprefix("/dev/")
        return places.mount_of_device(device) or f"/dev/{device}"
    if "path" in values:
        return places.mount_of_path(values["path"])
    return values.get("mount", "")


def _process(name: str) -> str:
    return name.rpartition("/")[2].rstrip(":") or name


def _service(unit: str) -> str:
    return unit.rpartition("/")[2].removesuffix(".service")


def _clean(value: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in value[:MAX_VALUE]).strip()
