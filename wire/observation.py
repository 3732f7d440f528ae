"""One dated judgement of one signal on one subject, as it travels and is stored."""

from __future__ import annotations

from typing import Annotated

import msgspec

from wire.entity import Entity
from wire.judgement import Evidence, Path, Reason, Verdict

Moment = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
"""Seconds since 1970-01-01 UTC, by the clock of whoever wrote it."""
Sequence = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
SignalName = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")]


class Observation(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """What an agent saw. Its id is ``<host>#<seq>``; reports cite that id.

    ``gc=False``: it can be part of no cycle, and the server holds very many.
    """

    seq: Sequence
    signal: SignalName
    subject: Entity
    verdict: Verdict
    reason: Reason = Reason.OK
    at: Moment
    """When this result was obtained."""
    since: Moment
    """When the run of this same verdict and reason began."""
    opposite_at: Moment | None = None
    """When the opposite (pass, or not pass) was last seen."""
    value: Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)] | None = None
    evidence: Evidence = {}
    path: Path | None = None
    confirmed: bool = False
    """A second try, made at once, agreed."""
    intermittent: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=8)] = ()
    """Reasons seen in two or more separate failing runs inside the last 90 s, else empty."""
    round: Annotated[str, msgspec.Meta(max_length=32)] = ""
    """The round that repeats this look; its completion keeps an unchanged result fresh. Empty: event-born."""
    task: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """The drill-down task that asked for it, if one did."""
    retired: bool = False
    """The subject is no longer looked at (target removed); the last verdict no longer stands."""


def observation_id(host: str, seq: int) -> str:
    return f"{host}#{seq}"
