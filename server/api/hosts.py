"""Hosts over HTTP: when each was last heard, and what fails on it."""

from __future__ import annotations

from collections import Counter

import msgspec
from litestar import get

from server.desk.shown import iso
from server.parts import Parts
from wire.judgement import Verdict


class HostShown(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of hosts."""

    host: str
    agent: str
    state: str
    """``alive``, ``silent``, ``never_heard``, or its goodbye: ``stop``, ``shutdown``, ``sleep``."""
    last_heard: str | None
    looks: int
    failing: int
    """Looks that end in warn or fail."""
    unknown: int
    """Looks that could not be taken."""
    tags: dict[str, str]
    os: str = ""


def hosts_shown(parts: Parts) -> list[HostShown]:
    """Those with something failing first."""
    now = parts.now()
    inventories = {each.host: each for each in parts.current.inventories()}
    found = []
    for presence in parts.current.presences():
        verdicts = Counter(entry.observation.verdict for entry in parts.current.entries(presence.agent))
        inventory = inventories.get(presence.host)
        state = presence.goodbye or ("silent" if presence.overdue_at < now else "alive")
        found.append(
            HostShown(
                host=presence.host,
                agent=presence.agent,
                state=state if presence.last_heard > 0 else "never_heard",
                last_heard=iso(presence.last_heard) if presence.last_heard > 0 else None,
                looks=sum(verdicts.values()),
                failing=verdicts[Verdict.FAIL] + verdicts[Verdict.WARN],
                unknown=verdicts[Verdict.UNKNOWN],
                tags=inventory.tags if inventory is not None else {},
                os=inventory.os if inventory is not None else "",
            )
        )
    return sorted(found, key=lambda each: (each.state != "silent", -each.failing, each.host))


@get("/api/v1/hosts", summary="Hosts and how they are", sync_to_thread=True)
def list_hosts(parts: Parts) -> list[HostShown]:
    """Silent ones and those with failing looks first."""
    return hosts_shown(parts)


ROUTES = [list_hosts]
