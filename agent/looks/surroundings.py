"""Notices at once that addresses, routes or resolvers changed, so that discovery need not run often."""

from __future__ import annotations

import asyncio
import time

from collectors.host import Host

PATHS = ("/proc/net/route", "/proc/net/fib_trie", "/proc/net/ipv6_route", "/etc/resolv.conf")
"""The second is the one that shows addresses of IPv4: one may replace another without a change of routes."""
LOOK_SECONDS = 2.0
LIMIT = 256 * 1024


def surroundings(host: Host) -> tuple[bytes, ...]:
    """What the next discovery would find new; without the counters that change by themselves."""
    return tuple(_stable(host, path) for path in PATHS)


async def changed(host: Host, known: tuple[bytes, ...], within: float) -> bool:
    """Whether they differ from ``known`` before ``within`` seconds are over."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_SECONDS)
        if surroundings(host) != known:
            return True
    return False


def _stable(host: Host, path: str) -> bytes:
    try:
        content = host.read_bytes(path, LIMIT)
    except OSError:
        return b""
    if path != "/proc/net/ipv6_route":
        return content
    # columns 6 and 7 are a reference and a use counter
    return b"\n".join(
        b" ".join(column for number, column in enumerate(line.split()) if number not in {6, 7})
        for line in content.splitlines()
    )
