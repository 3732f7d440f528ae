"""Does this address answer ARP or NDP on its link, and does one machine answer, or several?"""

from __future__ import annotations

import asyncio
import errno
import socket
from dataclasses import dataclass

import msgspec

from kernel.rtnetlink import Entry, Link, Neighbour, Netlink, family_of
from probes.link.who_has import HOW_TO_PERMIT, who_has
from probes.unit import SECOND, Net, Probe
from wire.entity import Entity
from wire.entity import address as address_entity
from wire.entity import gateway as gateway_entity
from wire.judgement import Judgement, Layer, Path, Reason, Scalar, Verdict, unknown
from wire.target import NeighbourTarget

PROBE = Probe(
    signals=("net.neighbour", "net.duplicate"),
    layer=Layer.LINK,
    target=NeighbourTarget,
    interval=15 * SECOND,
    timeout=11 * SECOND,
    needs=("net_raw",),
)
_LISTEN = 0.6
"""Seconds in which all who have the address answer; the request is repeated half-way."""
_KERNEL = 9.0
"""Without CAP_NET_RAW the kernel decides: 5 s of delay and three probes (arp(7))."""
_KEPT = 1024
_LET_GO = 180.0
"""Seconds in which discovery surely learns that an address is no longer this host's."""
_KNOWN = Neighbour.REACHABLE | Neighbour.PERMANENT | Neighbour.NOARP


@dataclass(frozen=True)
class _Place:
    """Where the address is sought."""

    address: str
    subject: Entity
    link: Link | None
    path: Path
    mine: bool
    """It is the host's own: only another machine could answer."""


async def ask(target: NeighbourTarget, net: Net) -> list[Judgement]:
    """The neighbour (not for the host's own address), then sole use of the address."""
    netlink = Netlink()
    try:
        place = _place(target, netlink)
        if place.mine:
            net.memory[f"mine {place.address}"] = net.clock()
        judgements = await _ask(place, netlink)
    finally:
        netlink.close()
    if not place.mine and _was_mine(place, net):
        return [
            unknown("net.duplicate", place.subject, Reason.NOT_SUPPORTED, why="no longer an address of ours")
        ]
    wanted = [each for each in judgements if not (place.mine and each.signal == "net.neighbour")]
    return [_remembered(each, net) for each in wanted]


async def _ask(place: _Place, netlink: Netlink) -> list[Judgement]:
    if not place.path.interface:
        return [unknown("net.neighbour", place.subject, Reason.NOT_SUPPORTED, why="on no link of this host")]
    if place.link is None or not place.link.carrier:
        why = "no carrier" if place.link else "no such interface"
        return [_judged(place, Reason.CARRIER, {"interface": place.path.interface, "error": why})]
    if not place.link.mac:
        why = f"{place.link.name} has no neighbours to ask"
        return [unknown("net.neighbour", place.subject, Reason.NOT_SUPPORTED, why=why)]
    # Asked from the address itself, Linux would take the request for its own and not answer (RFC 5227).
    source = "" if place.mine else place.path.source
    try:
        answers = await who_has(place.address, place.link, source, _LISTEN, all_answers=True)
    except PermissionError:
        subject = address_entity(place.address)
        refused = unknown("net.duplicate", subject, Reason.NOT_PERMITTED, why=HOW_TO_PERMIT)
        return [refused] if place.mine else [await _by_kernel(place, netlink), refused]
    except OSError as error:
        return [_judged(place, _reason(error), {"error": error.strerror or ""})]
    entry = netlink.neighbour(place.address, place.link.name)
    macs = [place.link.mac, *answers] if place.mine else answers
    return [_answered(place, answers, entry), _duplicate(place, macs)]


def _place(target: NeighbourTarget, netlink: Netlink) -> _Place:
    own = netlink.addresses()
    mine = {each.address: each.interface for each in own}
    name = target.interface or mine.get(target.address) or _interface(target, netlink)
    family = family_of(target.address)
    sources = (each.address for each in own if each.interface == name and family_of(each.address) == family)
    return _Place(
        address=target.address,
        subject=_subject(target.address, netlink),
        link=netlink.link(name),
        path=Path(interface=name, source=next(sources, ""), address=target.address),
        mine=target.address in mine,
    )


def _was_mine(place: _Place, net: Net) -> bool:
    """An address that was taken from this host a moment ago, and is not yet asked about as another's."""
    return bool(net.clock() - net.memory.get(f"mine {place.address}", float("-inf")) < _LET_GO)


def _remembered(judgement: Judgement, net: Net) -> Judgement:
    """A gateway that answers with another MAC than before may be a replaced part, or somebody else."""
    macs: dict[str, str] = net.memory.setdefault("macs", {})
    mac = str(judgement.evidence.get("mac", ""))
    before = macs.get(judgement.subject, mac)
    if mac and len(macs) < _KEPT:
        macs[judgement.subject] = mac
    if before == mac or judgement.signal != "net.neighbour":
        return judgement
    return msgspec.structs.replace(judgement, evidence={**judgement.evidence, "mac_before": before})


def _answered(place: _Place, answers: list[str], entry: Entry | None) -> Judgement:
    """The kernel sends to the MAC in its table, so that one must be among those who answer."""
    if not answers:
        return _judged(place, Reason.TIMEOUT, {"state": _state(entry)})
    evidence: dict[str, Scalar] = {"mac": answers[0]}
    if entry and entry.mac and entry.mac not in answers and entry.state & (_KNOWN | Neighbour.STALE):
        evidence |= {"table": entry.mac, "answers": ", ".join(answers)[:256], "state": _state(entry)}
        return _judged(place, Reason.WRONG, evidence)
    return _judged(place, Reason.OK, evidence)


def _duplicate(place: _Place, macs: list[str]) -> Judgement:
    several = sorted(set(macs))
    return Judgement(
        signal="net.duplicate",
        subject=address_entity(place.address),
        verdict=Verdict.FAIL if len(several) > 1 else Verdict.PASS if several else Verdict.UNKNOWN,
        reason=Reason.DUPLICATE if len(several) > 1 else Reason.OK if several else Reason.UNREADABLE,
        value=float(len(several)),
        evidence={"macs": ", ".join(several)[:512]} if several else {"why": "nobody answers for the address"},
        path=place.path,
    )


async def _by_kernel(place: _Place, netlink: Netlink) -> Judgement:
    """Lets the kernel ask, by sending it a datagram to deliver, and waits until it knows."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _KERNEL
    with socket.socket(family_of(place.address), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        _provoke(sock, place)
        while True:
            entry = netlink.neighbour(place.address, place.path.interface)
            if entry and entry.state & _KNOWN:
                return _judged(place, Reason.OK, {"mac": entry.mac, "state": _state(entry)})
            if (entry and entry.state & Neighbour.FAILED) or loop.time() > until:
                return _judged(place, Reason.TIMEOUT, {"state": _state(entry)})
            await asyncio.sleep(0.25)


def _provoke(sock: socket.socket, place: _Place) -> None:
    scoped = place.address
    if scoped.lower().startswith("fe80:") and "%" not in scoped:
        scoped = f"{scoped}%{place.path.interface}"
    try:
        sock.sendto(b"", (scoped, 9))  # the discard service
    except OSError:
        return  # the neighbour table says what came of it


def _judged(place: _Place, reason: Reason, evidence: dict[str, Scalar]) -> Judgement:
    return Judgement(
        signal="net.neighbour",
        subject=place.subject,
        verdict=Verdict.PASS if reason is Reason.OK else Verdict.FAIL,
        reason=reason,
        evidence=evidence,
        path=place.path,
    )


def _state(entry: Entry | None) -> str:
    return (entry.state.name if entry else None) or "NONE"


def _reason(error: OSError) -> Reason:
    return Reason.CARRIER if error.errno in {errno.ENETDOWN, errno.ENXIO, errno.ENODEV} else Reason.TIMEOUT


def _subject(address: str, netlink: Netlink) -> Entity:
    """A gateway of this host's own default routes is called so."""
    defaults = [route for route in netlink.routes(family_of(address)) if not route.prefix]
    is_gateway = any(route.gateway == address for route in defaults)
    return gateway_entity(address) if is_gateway else address_entity(address)


def _interface(target: NeighbourTarget, netlink: Netlink) -> str:
    """By which it is reached without a gateway; empty where it is not."""
    try:
        route = netlink.route(target.address)
    except OSError:
        return ""
    return "" if route.gateway else route.interface
