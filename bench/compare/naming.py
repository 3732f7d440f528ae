"""Whether an alert names a root, by the rule that stands in ``naming.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from bench.compare.seen import Labels
from drills.drill import Answer
from drills.layout import PLACES, SWITCHES

RULE = Path(__file__).with_name("naming.toml")


class Name(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of these faults, this alert names the root, if it is about the root's machine and part."""

    alert: str
    faults: frozenset[str]
    label: str = ""
    of: str = ""
    unlike: str = ""
    part: str = ""


class Naming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole rule."""

    kernel_wide: frozenset[str]
    names: tuple[Name, ...]

    def name(self, labels: Labels, root: Answer) -> bool:
        return any(_names(each, labels, root) for each in self.names)

    def counts(self, labels: Labels, roots: Iterable[Answer]) -> bool:
        """False for the echo of a root on machines that share its kernel in the lab, and only there."""
        if labels["alertname"] not in self.kernel_wide:
            return True
        return bool(mentioned(labels.values()) & mentioned(root.entity for root in roots))


def load() -> Naming:
    return msgspec.toml.decode(RULE.read_bytes(), type=Naming)


def _names(name: Name, labels: Labels, root: Answer) -> bool:
    value = labels.get(name.label, "")
    return (
        name.alert == labels["alertname"]
        and root.fault in name.faults
        and (not name.of or re.fullmatch(name.of, value) is not None)
        and (not name.unlike or re.fullmatch(name.unlike, value) is None)
        and (not name.part or labels.get(name.part) == part_of(root.entity))
        and bool(mentioned(labels.values()) & mentioned([root.entity]))
    )


def part_of(entity: str) -> str:
    """``fs:web1:/var`` → ``/var``, ``nic:gw/eth2`` → ``eth2``."""
    rest = entity.partition(":")[2]
    return re.split("[:/]", rest, maxsplit=1)[1] if re.search("[:/]", rest) else ""


def mentioned(texts: Iterable[str]) -> set[str]:
    """The machines of the lab that stand in the texts: by name, full name or any address."""
    words = {word.rstrip(".") for text in texts for word in re.findall(r"[\w.-]+", text)}
    return {machine for word, machine in _machines().items() if word in words}


def _machines() -> dict[str, str]:
    known = {switch: switch for switch in SWITCHES}
    for place in PLACES:
        known |= {place.name: place.name, place.fqdn: place.name}
        known |= {port.address: place.name for port in place.ports}
    return known
