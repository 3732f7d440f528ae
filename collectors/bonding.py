"""Does every port of each bond and team work, and do both ends agree on it? Value: ports that work."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of, whole
from collectors.source import Source
from collectors.team import teams
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "link.bond"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.LINK, where=("/proc/net/bonding", "teamdctl"))
FOLDER = "/proc/net/bonding"
NOBODY = "00:00:00:00:00:00"
CHURNED = "churned"
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


class Slave(msgspec.Struct):
    """One section of a bond's file."""

    name: str
    mii: str = ""
    speed: str = ""
    duplex: str = ""
    failures: int = 0
    aggregator: str = ""
    churned: bool = False
    partner: str = ""


class Bond(msgspec.Struct):
    """/proc/net/bonding/NAME (kernel: Documentation/networking/bonding.rst)."""

    mode: str = ""
    mii: str = ""
    active_slave: str = ""
    aggregator: str = ""
    partner: str = ""
    slaves: list[Slave] = []

    @property
    def lacp(self) -> bool:
        return "802.3ad" in self.mode


def read(host: Host) -> Iterable[Judgement]:
    if host.exists(FOLDER):
        for name in sorted(host.list(FOLDER)):
            yield _judged(host, name, parse(host.read_bytes(f"{FOLDER}/{name}")))
    yield from teams(host)


def parse(raw: bytes) -> Bond:
    """Raises ValueError for a text without a line of the bonding driver."""
    bond, slave, recognised = Bond(), None, False
    for line in lines_of(raw):
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
        yield _judged(host, "bond", bond)


def _judged(host: Host, name: str, bond: Bond) -> Judgement:
    well = [one for one in bond.slaves if one.mii == "up"]
    lost = [one.name for one in bond.slaves if one.mii not in {"up", ""}]
    apart = [one.name for one in well if _apart(bond, one)]
    if bond.mii == "down" or (bond.slaves and not well and lost):
        reason = Reason.CARRIER
    elif lost:
        reason = Reason.MISSING
    else:
        reason = Reason.WRONG if apart else Reason.OK
    return judged(
        SIGNAL,
        entity.bond(host.name, name),
        reason,
        len(well),
        mode=bond.mode,
        ports=len(bond.slaves),
        lost=", ".join(lost),
        apart=", ".join(apart),
        partner=bond.partner,
        failures=sum(one.failures for one in bond.slaves),
    )


def _apart(bond: Bond, slave: Slave) -> bool:
    """Its other end is not in the aggregate. A switch that speaks no LACP at all may be meant so."""
    if not bond.lacp or bond.partner in {"", NOBODY}:
        return False
    elsewhere = slave.aggregator not in {"", bond.aggregator} and bond.aggregator != ""
    return slave.churned or elsewhere or slave.partner not in {"", NOBODY, bond.partner}


def facts(bond: Bond) -> dict[str, JSON]:
    return {
        "slaves": {one.name: one.mii for one in bond.slaves},
        "mode": bond.mode,
        "mii_status": bond.mii,
        "active_slave": bond.active_slave,
        "partner_mac": bond.partner,
        "failures": {one.name: one.failures for one in bond.slaves},
        "speed": {one.name: one.speed for one in bond.slaves},
        "aggregator": {one.name: one.aggregator for one in bond.slaves},
    }


SOURCE = Source(kinds=("bonding", "bond"), parse=parse, judge=judge, facts=facts)
