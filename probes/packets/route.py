"""Which way would the kernel send a packet to this address, and is that way possible?"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from kernel.rtnetlink import Neighbour, Netlink, Route, family_of
from probes.link.who_has import who_has
from probes.packets.forwards import forwarder
from probes.unit import SECOND, Net, Probe
from wire.entity import address as address_entity
from wire.judgement import Judgement, Layer, Path, Reason, Scalar, Verdict
from wire.target import RouteTarget

PROBE = Probe(
    signals=("net.route",),
    layer=Layer.NETWORK,
    target=RouteTarget,
    interval=15 * SECOND,
    timeout=5 * SECOND,
)
_GONE = Neighbour.NONE | Neighbour.INCOMPLETE | Neighbour.FAILED
_PATIENCE = 1.0
_KEPT = 256

Finding = tuple[Reason, dict[str, Scalar]]


async def ask(target: RouteTarget, net: Net) -> Judgement:
    """Judges address, route and gateway, in this order, from what the kernel has and the link answers."""
    netlink = Netlink()
    try:
        path, (reason, evidence) = await _look(target.address, netlink, net)
    finally:
        netlink.close()
    return Judgement(
        signal="net.route",
        subject=address_entity(target.address),
        verdict=Verdict.PASS if reason is Reason.OK else Verdict.FAIL,
        reason=reason,
        evidence=evidence,
        path=path,
    )


async def _look(address: str, netlink: Netlink, net: Net) -> tuple[Path, Finding]:
    try:
        route = netlink.route(address)
    except OSError as error:
        return Path(address=address), _no_way(address, netlink, error.strerror or "")
    path = Path(interface=route.interface, source=route.source, gateway=route.gateway, address=address)
    link = netlink.link(route.interface)
    if link and not link.carrier:
        return path, (Reason.CARRIER, {"interface": route.interface})
    if not _usable(route.source):
        return path, (Reason.NO_ADDRESS, {"interface": route.interface})
    return path, await _gateway(address, route, netlink, net)


def _no_way(address: str, netlink: Netlink, error: str) -> Finding:
    own = [each for each in netlink.addresses() if each.interface != "lo" and _same(each.address, address)]
    evidence: dict[str, Scalar] = {"error": error, "addresses": ", ".join(each.address for each in own)[:256]}
    for each in own:
        link = netlink.link(each.interface)
        if _inside(address, each.address, each.prefix) and link and not (link.up and link.carrier):
            return Reason.CARRIER, evidence | {"interface": each.interface}
    usable = [each for each in own if _usable(each.address) and not ip_address(each.address).is_link_local]
    return (Reason.NO_ROUTE if usable else Reason.NO_ADDRESS), evidence


async def _gateway(address: str, route: Route, netlink: Netlink, net: Net) -> Finding:
    """The gateway on the way, else the default one: a host may reach its neighbours and nobody else."""
    routes = netlink.routes(family_of(address))
    used = route if route.gateway else _default(routes)
    if used is None or not used.gateway:
        return Reason.OK, {"interface": route.interface}
    gateway = used.gateway
    evidence: dict[str, Scalar] = {"interface": used.interface, "gateway": gateway}
    if route.gateway and (link := await _on_own_link(address, netlink)):
        error = "it answers on a link of this host, and is sought by way of a gateway"
        return Reason.WRONG, evidence | {"link": link, "error": error}
    if any(each.address == gateway for each in netlink.addresses()):
        if await _answers(gateway, used, netlink):  # the route is right, and the address is used twice
            return Reason.OK, evidence | {"error": "this host has the address of the gateway, too"}
        return Reason.WRONG, evidence | {"error": "the gateway is this host itself"}
    entry = netlink.neighbour(gateway, used.interface)
    answers = bool(entry and not entry.state & _GONE and entry.mac)
    connected = [
        each for each in routes if not each.gateway and each.prefix and each.interface == used.interface
    ]
    if not answers and not any(_inside(gateway, each.destination, each.prefix) for each in connected):
        return Reason.WRONG, evidence | {
            "error": "the gateway is in no connected subnet, and does not answer"
        }
    return await _usual(address, used, netlink, net, evidence, answers=answers)


async def _on_own_link(address: str, netlink: Netlink) -> str:
    """The interface whose network holds the address and on which it answers; empty where there is none."""
    for own in netlink.addresses():
        near = own.interface != "lo" and own.address != address
        if near and _inside(address, own.address, own.prefix):
            heard = await _heard(address, own.interface, own.address, netlink)
            return own.interface if heard else ""
    return ""


async def _usual(
    address: str, used: Route, netlink: Netlink, net: Net, evidence: dict[str, Scalar], *, answers: bool
) -> Finding:
    """A gateway that replaced a good one, which still answers, and does not forward itself, is wrong."""
    good: dict[str, str] = net.memory.setdefault("good gateways", {})
    key = f"{used.interface} {family_of(address)}"
    usual = good.get(key)
    if usual == used.gateway:
        return Reason.OK, evidence
    forwards = bool(answers and await forwarder(_beyond(address, used), _PATIENCE))
    if usual is None or forwards:
        if answers and len(good) < _KEPT:
            good[key] = used.gateway
        return Reason.OK, evidence
    if await _answers(usual, used, netlink):
        error = "it replaced a gateway that still answers, and does not forward"
        return Reason.WRONG, evidence | {"usual_gateway": usual, "error": error}
    return Reason.OK, evidence | {"usual_gateway": usual}


def _beyond(address: str, used: Route) -> str:
    """An address behind the gateway: the one asked for, unless it is a neighbour (TEST-NET-1, RFC 5737)."""
    if used.destination == address:
        return address
    return "2001:db8::1" if ":" in address else "192.0.2.1"


async def _answers(address: str, used: Route, netlink: Netlink) -> bool:
    return await _heard(address, used.interface, _source(used, netlink), netlink)


async def _heard(address: str, interface: str, source: str, netlink: Netlink) -> bool:
    """Does it answer on the link of this interface?"""
    link = netlink.link(interface)
    if link is None or not link.mac:
        return False
    try:
        return bool(await who_has(address, link, source, _PATIENCE, all_answers=False))
    except OSError:  # not permitted: what the kernel remembers is what there is
        entry = netlink.neighbour(address, interface)
        return bool(entry and entry.mac and not entry.state & _GONE)


def _source(used: Route, netlink: Netlink) -> str:
    own = [each.address for each in netlink.addresses() if each.interface == used.interface]
    return next((each for each in own if _same(each, used.gateway) and each != used.gateway), "")


def _default(routes: list[Route]) -> Route | None:
    defaults = [route for route in routes if not route.prefix]
    return min(defaults, key=lambda route: route.metric, default=None)


def _usable(address: str) -> bool:
    return bool(address) and not ip_address(address).is_unspecified


def _inside(address: str, network: str, prefix: int) -> bool:
    return _same(address, network) and ip_address(address) in ip_network(f"{network}/{prefix}", strict=False)


def _same(address: str, other: str) -> bool:
    return (":" in address) == (":" in other)
