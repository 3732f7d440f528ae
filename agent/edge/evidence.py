"""What leaves the host is made safe here: redacted, bounded, and valid on the wire."""

from __future__ import annotations

import math
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from agent.edge.state import EdgeState, Finding
from rules.redaction import redact
from wire.codec import Malformed, decode, encode
from wire.judgement import Evidence, Scalar
from wire.observation import Observation

MAX_KEYS = 24
MAX_TEXT = 2_000
MAX_NAME = 64
MAX_NUMBER = 1e300
HINTS = ("grant", "why", "hint", "error", "note")
"""Where units say what would help, in the order of preference."""


def cleaned(finding: Finding) -> Finding:
    """The same, with evidence that may leave the host."""
    safe = _clean_evidence(finding.judgement.evidence)
    return replace(finding, judgement=replace(finding.judgement, evidence=safe))


def _clean_evidence(evidence: Evidence) -> Evidence:
    """Every text redacted and cut, what is no number left out."""
    clean: Evidence = {}
    for name, value in list(evidence.items())[:MAX_KEYS]:
        safe = _clean(value)
        if safe is not None:
            clean[name[:MAX_NAME]] = safe
    return clean


def _clean(value: Scalar) -> Scalar | None:
    if isinstance(value, str):
        return _redacted(value[: 4 * MAX_TEXT])
    if isinstance(value, float) and not (math.isfinite(value) and abs(value) <= MAX_NUMBER):
        return None
    if isinstance(value, int) and abs(value) > 2**53:
        return float(value)
    return value


@lru_cache(maxsize=512)
def _redacted(text: str) -> str:
    """Most evidence says the same each time."""
    return redact(text)[:MAX_TEXT]


def number(told: Observation, seq: int) -> Observation:
    """With its number, as it may go to spool and wire.

    What a unit got wrong (a subject with control characters, a bad signal name) raises Malformed.
    """
    value = told.value
    if value is not None and not (math.isfinite(value) and abs(value) <= MAX_NUMBER):
        value = None
    try:
        return decode(encode(replace(told, seq=seq, value=value)), Observation)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise Malformed(f"{told.signal} on {told.subject!r}: {error}") from None


def numbered(state: EdgeState) -> list[Observation]:
    """All that stands, counted from 1 where no spool gives out numbers. What cannot be told is left out."""
    found: list[Observation] = []
    for told in state.whole():
        try:
            found.append(number(told, len(found) + 1))
        except Malformed:
            continue
    return found


def hint(evidence: Evidence) -> str:
    """What would help, in the unit's own words; empty where it says nothing."""
    return next((str(evidence[key]) for key in HINTS if evidence.get(key)), "")
