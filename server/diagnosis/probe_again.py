"""The first tests of every drill-down: the failing looks themselves, once more, by who took them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules.diagnosis import Diagnosis
from server.diagnosis.standing import SERVER, Standing

COST = 1.0
"""Seconds; how long a look takes is not known before."""
GROWS_OLD = 30.0
"""Seconds after which a look that was asked for once is asked for again."""
ENOUGH = 200
"""Symptoms of one root of which some may be looked at again."""


class Again(msgspec.Struct, frozen=True):
    """A look to be taken again."""

    check: str
    subject: str
    observer: str
    cost: float = COST
    gain: float = 0.0


def probe_again(diagnosis: Diagnosis, standing: Standing, now: float) -> Iterator[Again]:
    """Those that no second try has confirmed yet; a log line cannot be asked.

    And what only a drill-down asked for, before it is too old to count, while something that is looked at
    anyway fails with it: alone it would keep alive what nobody else sees.
    """
    some = diagnosis.explains[:ENOUGH]
    looks = [key for key in some if key[0] != SERVER and key[1] not in standing.log_born]
    any_lasts = any(standing.lasting(key) for key in looks)
    for key in looks:
        evidence = standing.evidence.get(key)
        if evidence is None:
            continue
        grown_old = any_lasts and evidence.confirmed_at < now - GROWS_OLD
        if evidence.confirmed and not grown_old:
            continue  # nearly all, and nothing more need be known of them
        if not evidence.confirmed if standing.lasting(key) else grown_old:
            yield Again(key[1], key[2], key[0])
