"""Which routers does a packet pass on its way to this address, and where does it end?"""

from __future__ import annotations

from collections.abc import Sequence

from probes.packets.echo_socket import HOW_TO_PERMIT, EchoDenied
from probes.packets.hops import Hop, follow
from probes.packets.next_hop import silent
from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from wire.judgement import Judgement, Layer, Reason, unknown
from wire.target import TraceTarget

PROBE = Probe(
    signals=("net.trace",),
    layer=Layer.NETWORK,
    target=TraceTarget,
    interval=300 * SECOND,
    timeout=5 * SECOND,
    needs=("net_raw",),
)
_MOST = 20
"""Routers: more are met between continents only."""
_PATIENCE = 2.0
_BUDGET = 4.4


async def ask(target: TraceTarget, net: Net) -> Judgement:
    """Sends one packet per distance, all at once. Value: hops to the far end."""
    steps = Steps("net.trace", target.subject, net, _BUDGET)
    try:
        way = steps.go(target.address, target.port)
        with steps.step("trace"):
            hops = await follow(target.address, target.port, most=_MOST, seconds=_PATIENCE)
        steps.evidence |= {"hops": _shown(hops), "by": f"tcp/{target.port}" if target.port else "echo"}
    except EchoDenied:
        return unknown("net.trace", target.subject, Reason.NOT_PERMITTED, why=HOW_TO_PERMIT)
    except StepFailed as failure:
        return steps.failed(failure)
    if hops and hops[-1] and hops[-1].reason is Reason.OK:
        return steps.passed(float(len(hops)))
    if not any(hops) and (why := await silent(steps.ways, way)):
        return steps.failed(StepFailed(Reason.UNREACHABLE, neighbour=why))
    return steps.failed(_ended(hops))


def _ended(hops: Sequence[Hop | None]) -> StepFailed:
    """Where it went in circles, was turned away, or was last seen."""
    answered = [hop for hop in hops if hop]
    last = answered[-1].address if answered else ""
    if answered and answered[-1].reason is not None:
        return StepFailed(answered[-1].reason, last=last)
    if circle := _circle([hop.address for hop in answered]):
        return StepFailed(Reason.WRONG, circle=" > ".join(circle)[:256])
    return StepFailed(Reason.TIMEOUT, last=last)


def _circle(addresses: Sequence[str]) -> Sequence[str]:
    """The routers that hand the packet round, or nothing. One that answers twice in a row is none."""
    for number, address in enumerate(addresses):
        again = [other for other in range(number + 2, len(addresses)) if addresses[other] == address]
        if again and set(addresses[number : again[0]]) != {address}:
            return addresses[number : again[0] + 1]
    return ()


def _shown(hops: Sequence[Hop | None]) -> str:
    while hops and hops[-1] is None:
        hops = hops[:-1]
    return " > ".join(f"{hop.address} {hop.milliseconds:g}ms" if hop else "*" for hop in hops)[:1024]
