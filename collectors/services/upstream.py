"""Which backend a proxy's line names as the one that failed: the server knows whose address that is."""

from __future__ import annotations

from ipaddress import ip_address

import re2

from wire.judgement import Path

SIGNAL = "log.upstream_failed"
_NAMED = re2.compile(
    r"(?:upstream: \"(?:[a-z]+://)?|connect(?:\(\))? to |backend: )"
    r"(?:\[([0-9A-Fa-f:.]+)\]|(\d{1,3}(?:\.\d{1,3}){3}))(?::(\d{1,5}))?"
)
"""nginx writes the address in quotes after ``upstream:``; Apache after ``attempt to connect to``."""


def upstream_in(line: str) -> Path | None:
    """Its address and port, or None where the line names none (a name, a socket file, a pool)."""
    found = _NAMED.search(line)
    if not found:
        return None
    try:
        address = str(ip_address(found.group(1) or found.group(2)))
    except ValueError:
        return None
    port = int(found.group(3) or 0)
    return Path(address=address, port=port) if 0 < port < 65536 else None
