"""What is known of one bond, whoever told it, and how it is judged."""

from __future__ import annotations

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from wire import entity
from wire.judgement import Judgement, Reason

SIGNAL = "link.bond"
LACP = "IEEE 802.3ad Dynamic link aggregation"
NOBODY = "00:00:00:00:00:00"


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
    idle: bool = False
    """No port has come to an agreement with its other end."""
    slaves: list[Slave] = []

    @property
    def lacp(self) -> bool:
        return "802.3ad" in self.mode


def judged_bond(host: Host, name: str, bond: Bond) -> Judgement:
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
    """Its other end is not in the aggregate. A switch that speaks no LACP at all may be meant so, unless the
    driver has waited for it in vain and says so.
    """
    if bond.idle:
        return True
    if not bond.lacp or bond.partner in {"", NOBODY}:
        return bond.lacp and slave.churned
    elsewhere = slave.aggregator not in {"", bond.aggregator} and bond.aggregator != ""
    return slave.churned or elsewhere or slave.partner not in {"", NOBODY, bond.partner}


def bond_facts(bond: Bond) -> dict[str, JSON]:
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
