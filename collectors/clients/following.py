"""Which server did this one follow, and should it still?"""

from __future__ import annotations

import socket
from collections.abc import Collection
from typing import Any

from collectors.host import Host

KEPT_SECONDS = 86_400.0
"""After that, what follows nobody is meant to."""
RESOLVED_SECONDS = 300.0
_PATIENCE = 1.0
_KEY = "primaries that were followed"


def followed(host: Host, subject: str, primary: str) -> None:
    """``primary``: ``host:port``."""
    _known(host)[subject] = [primary, host.clock()]


def left(host: Host, subject: str, replicas: Collection[str]) -> str:
    """The primary that it follows no more, though that is at work; empty where there is none.

    ``replicas``: addresses of those who follow it. Where its primary is among them, they changed places;
    where its primary is gone, it took its place.
    """
    known = _known(host)
    primary, at = known.get(subject, ("", 0.0))
    if not primary:
        return ""
    if host.clock() - at > KEPT_SECONDS or not _addresses(host, primary).isdisjoint(replicas):
        del known[subject]
        return ""
    return primary if _is_at_work(primary) else ""


def _addresses(host: Host, primary: str) -> set[str]:
    """Its name is resolved now and then, not at each look."""
    name = primary.rpartition(":")[0]

    def resolved() -> set[str]:
        try:
            return {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
        except OSError:
            return {name}

    return host.cached(f"addresses of {name}", RESOLVED_SECONDS, resolved)


def _is_at_work(primary: str) -> bool:
    name, _, port = primary.rpartition(":")
    try:
        socket.create_connection((name, int(port)), _PATIENCE).close()
    except (OSError, ValueError):
        return False
    return True


def _known(host: Host) -> dict[str, Any]:
    """Subject → its primary, and when that was seen last."""
    kept: dict[str, Any] = host.remembered.setdefault(_KEY, {})
    return kept
