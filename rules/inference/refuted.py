"""Candidates that looks have ruled out before any search, added to the diagnosis they might have been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import islice

import msgspec

from rules.diagnosis import Diagnosis, RuledOut
from rules.inference.candidates import Refuted
from rules.inference.cause import Cause
from rules.inference.explain import CITED, RULED_OUT, TRIED
from rules.inference.reach import Reach
from rules.inference.touch import Scene

LOOKED_AT = 200
"""Symptoms of a diagnosis whose other possible causes are listed."""


def with_refuted(
    diagnosis: Diagnosis, refuted: Mapping[Cause, Refuted], reach: Reach, scene: Scene
) -> Diagnosis:
    """The diagnosis with what was ruled out, by what, appended to what it lists already."""
    shared: Counter[Cause] = Counter()
    for key in diagnosis.explains[:LOOKED_AT]:
        shared.update(cause for cause in reach.of(scene.index.symptoms[key]) if cause in refuted)
    found = list(diagnosis.ruled_out)
    for cause, _ in sorted(shared.items(), key=lambda each: (-each[1], each[0]))[:TRIED]:
        if len(found) >= RULED_OUT:
            break
        against = (touch for touch in scene.touches.in_order(cause, diagnosis.onset) if not touch.produces)
        by = tuple(touch.reading.id for touch in islice(against, CITED))
        if by:
            found.append(RuledOut(fault=cause.name, entity=cause.entity, by=by))
    return msgspec.structs.replace(diagnosis, ruled_out=tuple(found))
