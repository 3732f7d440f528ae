"""Which sectors the kernel said it could not read: remembered so that they can be read again."""

from __future__ import annotations

import re2

from collectors.host import Host

KEY = "bad_sectors"
SIGNALS = frozenset(["log.io_error", "log.medium_error"])
SECTOR = re2.compile(r"\bdev (?P<device>[a-z][a-z0-9!-]{1,31}), sector (?P<sector>\d{1,18})\b")
DEVICES, SECTORS = 16, 8
"""So many are remembered; a dying disk names thousands, and one that stays bad is proof enough."""
KEPT = 86400.0
"""Seconds for which a sector is read again after it was last named."""

Sectors = dict[str, float]
"""Sector of 512 bytes, as text because what is remembered is kept as JSON → when it was last named."""


def note(host: Host, line: str) -> None:
    """Takes in one line about an I/O error; one that names no sector changes nothing."""
    found = SECTOR.search(line)
    if found is None:
        return
    known: dict[str, Sectors] = host.remembered.setdefault(KEY, {})
    if len(known) < DEVICES or found["device"] in known:
        sectors = known.setdefault(found["device"], {})
        if len(sectors) < SECTORS or found["sector"] in sectors:
            sectors[found["sector"]] = host.clock()


def named(host: Host) -> dict[str, list[int]]:
    """Device → sectors that were named lately."""
    known: dict[str, Sectors] = host.remembered.get(KEY, {})
    oldest = host.clock() - KEPT
    for device, sectors in list(known.items()):
        for sector, at in list(sectors.items()):
            if at < oldest:
                del sectors[sector]
        if not sectors:
            del known[device]
    return {device: sorted(int(sector) for sector in sectors) for device, sectors in known.items()}
