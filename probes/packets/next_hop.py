"""Is the next hop itself silent? Tells a dead neighbour from one that drops what we send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from probes.link.who_has import who_has
from probes.path import Way, Ways

_PATIENCE = 0.4
_MOST = 32
"""Next hops asked at once; a host has one or two gateways and seldom more dead neighbours."""


async def silent(ways: Ways, way: Way) -> str:
    """What shows that the next hop does not answer, or "" when it does or cannot be asked.

    The kernel believes its neighbour table for half a minute; so the link is asked (RFC 826, RFC 4861).
    """
    entry = ways.silent(way)
    if entry:
        return f"{entry.address} {entry.state.name}"
    link = ways.link(way.path.interface)
    if link is None or not link.mac:
        return ""
    try:
        answers = await who_has(way.next_hop, link, way.path.source, _PATIENCE, all_answers=False)
    except OSError:
        return ""
    return "" if answers else f"{way.next_hop} does not answer on {link.name}"


async def all_silent(ways: Ways, those: Iterable[Way]) -> dict[str, str]:
    """The silent ones among the next hops, and what shows it."""
    hops = {way.next_hop: way for way in those}
    some = list(hops.values())[:_MOST]
    found = await asyncio.gather(*(silent(ways, way) for way in some))
    rest = ((way, entry) for way in list(hops.values())[_MOST:] if (entry := ways.silent(way)))
    told = {way.next_hop: f"{entry.address} {entry.state.name}" for way, entry in rest}
    return told | {way.next_hop: why for way, why in zip(some, found, strict=True) if why}
