"""A clock that can be set wrong for the programs of one host alone (libfaketime)."""

from __future__ import annotations

from pathlib import Path

from drills.node import Node

HOST = "ws1"
"""The one host whose agent runs under it; the others see the machine's clock."""
SKEW = "/etc/faketimerc"
RIGHT = "+0\n"


def library() -> Path | None:
    """Where Debian keeps it."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def environment(node: Node) -> dict[str, str]:
    """What a program needs to see the host's own clock."""
    found = library()
    if node.name != HOST or found is None:
        return {}
    if not node.path(SKEW).exists():
        node.write(SKEW, RIGHT)
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME_TIMESTAMP_FILE": SKEW,
        "FAKETIME_CACHE_DURATION": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
