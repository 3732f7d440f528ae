"""Does every port of each bond and team work, and do both ends agree on it? Value: ports that work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from collectors.host import Host
from collectors.network.bond_facts import SIGNAL, Bond, Slave, bond_facts, judged_bond
from collectors.network.link_events import link_events
from collectors.network.team import teams
from collectors.parsing import lines_of, whole
from collectors.source import Source
from collectors.unit import Collector
from wire.judgement import Judgement, Layer

COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.LINK, where=("/proc/net/bonding", "teamdctl"))
FOLDER = "/proc/net/bonding"
CHURNED = "churned"
IDLE = "has no active aggregator"
FIELDS = {
    "bonding mode": "mode",
    "mii status": "mii",
    "currently active slave": "active_slave",
    "aggregator id": "aggregator",
    "partner mac address": "partner",
}
SLAVE_FIELDS = {
    "mii status": "mii",
    "speed": "speed",
    "duplex": "duplex",
    "aggregator id": "aggregator",
    "system mac address": "partner",
}
"""Of the actor and of the partner, whose address comes last, is told under one name."""
RECOGNISED = (
    FIELDS.keys() | SLAVE_FIELDS.keys() | {"slave interface", "link failure count", "permanent hw addr"}
)


def read(host: Host) -> Iterable[Judgement]:
    yield from _bonds(host)
    yield from teams(host)


async def follow(host: Host) -> AsyncIterator[Judgement]:
    """A port that comes or goes is announced as a change of a link."""
    if host.exists(FOLDER):
        async for _ in link_events():
            for judgement in _bonds(host):
                yield judgement


def _bonds(host: Host) -> Iterable[Judgement]:
    for name in sorted(host.list(FOLDER)) if host.exists(FOLDER) else ():
        yield judged_bond(host, name, parse(host.read_bytes(f"{FOLDER}/{name}")))


def parse(raw: bytes) -> Bond:
    """Raises ValueError for a text without a line of the bonding driver."""
    bond, slave, recognised = Bond(), None, False
    for line in lines_of(raw):
        bond.idle |= line.strip().endswith(IDLE)
        name, colon, value = line.strip().partition(":")
        if not colon:  # cut off in the middle
            continue
        name, value = name.strip().lower(), value.strip()
        recognised |= name in RECOGNISED or "bonding driver" in name
        if name == "slave interface":
            slave = Slave(name=value)
            bond.slaves.append(slave)
        elif slave is not None:
            _of_slave(slave, name, value)
        elif name in FIELDS:
            setattr(bond, FIELDS[name], value)
    if not recognised:
        raise ValueError("no line of the bonding driver")
    return bond


def _of_slave(slave: Slave, name: str, value: str) -> None:
    if name in SLAVE_FIELDS:
        setattr(slave, SLAVE_FIELDS[name], value)
    elif name == "link failure count":
        slave.failures = whole(value) or 0
    elif name.endswith("churn state"):
        slave.churned |= value == CHURNED


def judge(bond: Bond, host: Host) -> Iterable[Judgement]:
    if bond.slaves or bond.mode:
        yield judged_bond(host, "bond", bond)


SOURCE = Source(kinds=("bonding", "bond"), parse=parse, judge=judge, facts=bond_facts, nothing=Bond())
