"""Has each network interface in use a carrier, and does it keep it?"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import seconds
from collectors.network.link_events import link_events
from collectors.network.nic_table import Interface, interfaces
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "net.link"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.LINK)
WATCHED_KINDS = frozenset(["ethernet", "infiniband", "veth", "bond", "team", "vlan", "macvlan", "ipvlan"])
PLUGGED_KINDS = frozenset(["ethernet", "infiniband"])
FLAPPING_CHANGES = 6
"""Three losses and returns of the carrier within the window."""
WINDOW = 60.0
FORGET_SECONDS = 24 * 3600.0
"""An interface that was taken away for good is not missed for ever."""


def read(host: Host) -> Iterable[Judgement]:
    """A NIC is in use once it had an address or a carrier; that is remembered over restarts."""
    used = set(host.remembered.get("links", ()))
    present = {nic.name: nic for nic in interfaces(host)}
    for nic in present.values():
        if _counts(nic) and (nic.carrier or nic.addresses):
            used.add(nic.name)
    for name in sorted(used - present.keys()):
        if seconds(host, f"{name} gone", so=True) > FORGET_SECONDS:
            used.discard(name)
        else:
            yield _judged(host, name, None)
    for name in sorted(used & present.keys()):
        seconds(host, f"{name} gone", so=False)
        yield _judged(host, name, present[name])
    if used != set(host.remembered.get("links", ())):
        host.remembered["links"] = sorted(used)


async def follow(host: Host) -> AsyncIterator[Judgement]:
    """The kernel announces each change of a link."""
    async for _ in link_events():
        for judgement in read(host):
            yield judgement


def _counts(nic: Interface) -> bool:
    """The host's end of a container's cable comes and goes with the container."""
    return nic.kind in WATCHED_KINDS and not (nic.kind == "veth" and nic.master)


def _judged(host: Host, name: str, nic: Interface | None) -> Judgement:
    changes = _changes(host, name, nic)
    if changes >= FLAPPING_CHANGES:
        reason = Reason.FLAPPING
    elif nic is None or not nic.carrier:
        reason = Reason.CARRIER
    else:
        reason = Reason.OK
    return judged(
        SIGNAL,
        entity.nic(host.name, name),
        reason,
        changes,
        interface=name,
        state="gone" if nic is None else _state(nic),
    )


def _state(nic: Interface) -> str:
    if not nic.up:
        return "set down by hand"
    return "carrier" if nic.carrier else "no carrier"


def _changes(host: Host, name: str, nic: Interface | None) -> int:
    """How often the carrier changed within the window, by the kernel's own count."""
    seen: deque[tuple[float, int]] = host.memory.setdefault("changes", {}).setdefault(name, deque(maxlen=256))
    now = host.ticks()
    if nic is not None:
        if seen and nic.carrier_changes < seen[-1][1]:
            seen.clear()
        seen.append((now, nic.carrier_changes))
    while len(seen) > 1 and seen[1][0] <= now - WINDOW:
        seen.popleft()
    return seen[-1][1] - seen[0][1] if seen else 0
