"""Reads what /sys tells of bonds and their ports."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import JSON, Host
from collectors.network.bond_facts import LACP, Bond, Slave, bond_facts, judged_bond
from collectors.source import TreeSource
from wire.judgement import Judgement

CLASS = "/sys/class/net"


def gather(host: Host) -> dict[str, Bond] | None:
    """What /sys tells of each bond; None where there is none."""
    try:
        masters = [name for name in sorted(host.list(CLASS)) if host.exists(f"{CLASS}/{name}/bonding/slaves")]
    except OSError:
        return None
    return {name: _from_sys(host, f"{CLASS}/{name}") for name in masters} or None


def _from_sys(host: Host, folder: str) -> Bond:
    """Kernel: Documentation/ABI/testing/sysfs-class-net-bonding… Older kernels tell less."""
    mode = _line(host, f"{folder}/bonding/mode").partition(" ")[0]
    slaves = [
        Slave(name=name, mii=_slave_state(host, folder, name))
        for name in _line(host, f"{folder}/bonding/slaves").split()
    ]
    return Bond(
        mode=LACP if mode == "802.3ad" else mode,
        mii=_line(host, f"{folder}/bonding/mii_status"),
        active_slave=_line(host, f"{folder}/bonding/active_slave"),
        slaves=slaves,
    )


def _slave_state(host: Host, folder: str, name: str) -> str:
    places = (f"{folder}/lower_{name}", f"{folder}/slave_{name}", f"{CLASS}/{name}")
    for file in ("bonding_slave/mii_status", "operstate"):
        for place in places:
            state = _line(host, f"{place}/{file}")
            if state:
                return state
    return ""


def _line(host: Host, path: str) -> str:
    try:
        return host.read(path, 4096).strip()
    except OSError:
        return ""


def judge(bonds: dict[str, Bond], host: Host) -> Iterable[Judgement]:
    """A bond without ports was made and never used."""
    for name, bond in bonds.items():
        if bond.slaves:
            yield judged_bond(host, name, bond)


def facts(bonds: dict[str, Bond]) -> dict[str, JSON]:
    return {name: bond_facts(bond) for name, bond in bonds.items()}


SOURCE = TreeSource(kinds=("bonding", "bond"), gather=gather, judge=judge, facts=facts)
