"""Which server did this one follow, and should it still?"""

from __future__ import annotations

import socket
import time
from collections.abc import Collection
from typing import Any

from collectors.host import Host

KEPT_SECONDS = 86_400.0
"""After that, what follows nobody is meant to."""
_PATIENCE = 1.0
_KEY = "primaries that were followed"


def followed(host: Host, subject: str, primary: str) -> None:
    """``primary``: ``host:port``."""
    _known(host)[subject] = [primary, time.time()]


def left(host: Host, subject: str, replicas: Collection[str]) -> str:
    """The primary that it follows no more, though that is at work; empty where there is none.

    ``replicas``: addresses of those who follow it. Where its primary is among them, they changed places;
    where its primary is gone, it took its place.
    """
    known = _known(host)
    primary, at = known.get(subject, ("", 0.0))
    if not primary:
        return ""
    if time.time() - at > KEPT_SECONDS or _is_among(primary, replicas):
        del known[subject]
        return ""
    return primary if _is_at_work(primary) else ""


def _is_among(primary: str, replicas: Collection[str]) -> bool:
    name = primary.rpartition(":")[0]
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
    except OSError:
        addresses = {name}
    return not addresses.isdisjoint(replicas)


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
