"""Does the next hop forward? A router answers a packet whose time to live ends there; a host is silent."""

from __future__ import annotations

import asyncio
import socket

from kernel.rtnetlink import family_of
from probes.errors import read_errors, want_errors

_PORT = 33434
"""The first port of traceroute(8)."""
_TIME_EXCEEDED = {socket.AF_INET: 11, socket.AF_INET6: 3}


async def forwarder(address: str, seconds: float) -> str:
    """Who says that the packet's time ended (RFC 1812, 5.2.7.3), or "". Needs no privilege."""
    family = socket.AddressFamily(family_of(address))
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        want_errors(sock)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        try:
            sock.connect((address, _PORT))
            sock.send(bytes(8))
        except OSError:
            return ""
        while loop.time() < until:
            for error in read_errors(sock):
                if error.from_icmp:
                    return error.offender if error.type == _TIME_EXCEEDED[family] else ""
            await asyncio.sleep(0.02)
    return ""
