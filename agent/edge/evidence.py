"""What leaves the host is made safe here: redacted, bounded, and valid on the wire."""

from __future__ import annotations

import math
from functools import lru_cache

import msgspec

from agent.edge.state import Told
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


def clean_evidence(evidence: Evidence) -> Evidence:
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


def number(told: Told, seq: int) -> Observation:
    """The observation with its number, as it may go to spool and wire.

    What a unit got wrong (a subject with control characters, a bad signal name) raises Malformed.
    """
    value = told.value
    if value is not None and not (math.isfinite(value) and abs(value) <= MAX_NUMBER):
        value = None
    observation = Observation(
        seq=seq,
        signal=told.signal,
        subject=told.subject,
        verdict=told.verdict,
        reason=told.reason,
        at=told.at,
        since=min(told.since, told.at),
        opposite_at=told.opposite_at,
        value=value,
        evidence=told.evidence,
        path=told.path,
        confirmed=told.confirmed,
        intermittent=told.intermittent,
        round=told.round,
        task=told.task,
        retired=told.retired,
    )
    try:
        return decode(encode(observation), Observation)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise Malformed(f"{told.signal} on {told.subject!r}: {error}") from None


def hint(evidence: Evidence) -> str:
    """What would help, in the unit's own words; empty where it says nothing."""
    return next((str(evidence[key]) for key in HINTS if evidence.get(key)), "")
