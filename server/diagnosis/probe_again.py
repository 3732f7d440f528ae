"""The first tests of every drill-down: the failing looks themselves, once more, by who took them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules.diagnosis import Diagnosis
from server.diagnosis.standing import SERVER, Standing

COST = 1.0
"""Seconds; how long a look takes is not known before."""
ENOUGH = 200
"""Symptoms of one root of which some may be looked at again."""


class Again(msgspec.Struct, frozen=True):
    """A look to be taken again."""

    check: str
    subject: str
    observer: str
    cost: float = COST
    gain: float = 0.0


def probe_again(diagnosis: Diagnosis, standing: Standing) -> Iterator[Again]:
    """Those that no second try has confirmed yet; a log line cannot be asked.

    Nor what only a drill-down asked for: repeating it would keep alive what nobody else sees.
    """
    for key in diagnosis.explains[:ENOUGH]:
        observer, signal, subject = key
        evidence = standing.evidence.get(key)
        asked = observer != SERVER and signal not in standing.log_born and standing.lasting(key)
        if evidence is not None and asked and not evidence.confirmed:
            yield Again(signal, subject, observer)
