"""Who offers addresses on this link: the servers that may, others too, or nobody?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_interface

from kernel.rtnetlink import HostAddress, Link, Netlink
from probes.link.craft import CraftDenied, CraftFailed, craft
from probes.link.crafted.questions import Discover, Discovered, Offer
from probes.unit import SECOND, Net, Probe
from wire import entity
from wire.entity import Entity
from wire.judgement import Judgement, Layer, Path, Reason, Scalar, Verdict, unknown
from wire.target import DhcpTarget

PROBE = Probe(
    signals=("dhcp.offer", "ip.netmask"),
    layer=Layer.NETWORK,
    target=DhcpTarget,
    interval=60 * SECOND,
    timeout=10 * SECOND,
    needs=("net_raw",),
)
_LISTEN = 4.0
"""Seconds: a server may first ping the address that it is about to offer (RFC 2131, 3.1)."""
Way = tuple[str, tuple[str, ...]]
"""Mask and routers that a client would get."""
HOW_TO_PERMIT = "setcap cap_net_raw+ep on the Python interpreter"


async def ask(target: DhcpTarget, net: Net) -> list[Judgement]:
    """Asks as a client that is not there, and takes no offer (value: servers that offered).

    The mask that is handed out is compared with this host's.
    """
    netlink = Netlink()
    try:
        link = netlink.link(target.interface)
        own = [each for each in netlink.addresses() if each.interface == target.interface]
    finally:
        netlink.close()
    address = next((each for each in own if ":" not in each.address), None)
    subject = _subject(target, address, net)
    path = Path(interface=target.interface, source=address.address if address else "")
    if link is None or not link.carrier or not link.mac:
        why = "no carrier" if link else "no such interface"
        evidence: dict[str, Scalar] = {"interface": target.interface, "error": why}
        return [_judged(subject, path, Reason.CARRIER, (), evidence)]
    try:
        found = await craft(_question(link, address))
    except CraftDenied:
        return [unknown("dhcp.offer", subject, Reason.NOT_PERMITTED, why=HOW_TO_PERMIT)]
    except CraftFailed as failure:
        return [unknown("dhcp.offer", subject, Reason.INTERNAL, error=str(failure)[:256])]
    strangers = _strangers(found.offers, target.servers, subject, net)
    offers = _judge(subject, path, found, strangers)
    return [offers, *(_mask(net.host, address, found.offers) if address and not strangers else ())]


def _mask(host: str, own: HostAddress, offers: Sequence[Offer]) -> Iterator[Judgement]:
    """Ours against the one that is handed out, where our address is out of the same network."""
    for offer in offers:
        handed_out = ip_interface(f"{offer.address}/{offer.mask or own.prefix}").network
        if not offer.mask or ip_address(own.address) not in handed_out:
            continue
        right = handed_out.prefixlen == own.prefix
        yield Judgement(
            signal="ip.netmask",
            subject=entity.host(host),
            verdict=Verdict.PASS if right else Verdict.FAIL,
            reason=Reason.OK if right else Reason.WRONG,
            evidence={"own": own.prefix, "handed_out": handed_out.prefixlen, "by": offer.server},
        )
        return


def _subject(target: DhcpTarget, address: HostAddress | None, net: Net) -> Entity:
    """The subnet; where the interface has no address (any more), the one that it had."""
    if address:
        network = str(address.network)
        net.memory[f"network of {target.interface}"] = network
    return entity.segment(net.memory.get(f"network of {target.interface}", target.interface))


def _question(link: Link, address: HostAddress | None) -> Discover:
    """By a hardware address of its own, the same each time: it would hold one offer at most."""
    octets = bytearray.fromhex(link.mac.replace(":", ""))
    octets[0] = octets[0] ^ 0x40 | 0x02
    own = address.address if address else ""
    return Discover(interface=link.name, mac=octets.hex(":"), seconds=_LISTEN, address=own)


def _judge(subject: Entity, path: Path, found: Discovered, strangers: Sequence[Offer]) -> Judgement:
    evidence: dict[str, Scalar] = {"offers": "; ".join(map(_shown, found.offers))[:1024]}
    if strangers:
        evidence["strangers"] = ", ".join(f"{each.server} ({each.mac})" for each in strangers)[:256]
        return _judged(subject, path, Reason.DUPLICATE, found.offers, evidence)
    if found.offers:
        return _judged(subject, path, Reason.OK, found.offers, evidence)
    if alive := [server for server in found.alive if server]:
        evidence["alive"] = ", ".join(alive)[:256]
        return _judged(subject, path, Reason.EXHAUSTED, (), evidence)
    return _judged(subject, path, Reason.TIMEOUT, (), evidence)


def _strangers(offers: Sequence[Offer], allowed: Sequence[str], subject: Entity, net: Net) -> Sequence[Offer]:
    """Servers that may not; where nobody says who may, those that lead elsewhere than was usual.

    Two that give the same mask and router share the work (RFC 2131, 1.6).
    """
    if allowed:
        return [offer for offer in offers if offer.server not in allowed]
    usual: set[Way] = net.memory.get(f"ways of {subject}", set())
    if not usual and len({_way(offer) for offer in offers}) <= 1:
        usual = net.memory[f"ways of {subject}"] = {_way(offer) for offer in offers}
    return [offer for offer in offers if _way(offer) not in usual]


def _way(offer: Offer) -> Way:
    return (offer.mask, offer.routers)


def _shown(offer: Offer) -> str:
    return f"{offer.address} by {offer.server} ({offer.mac}) via {', '.join(offer.routers) or 'nobody'}"


def _judged(
    subject: Entity, path: Path, reason: Reason, offers: Sequence[Offer], evidence: dict[str, Scalar]
) -> Judgement:
    return Judgement(
        signal="dhcp.offer",
        subject=subject,
        verdict=Verdict.PASS if reason is Reason.OK else Verdict.FAIL,
        reason=reason,
        value=float(len(offers)),
        evidence=evidence,
        path=path,
    )
