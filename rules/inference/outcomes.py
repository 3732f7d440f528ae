"""How likely a look is to end as it did, given what is wrong: outcomes in order, not booleans."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import exp
from zlib import crc32

import msgspec

from rules.diagnosis import Key
from rules.evidence import Evidence, Exercised
from rules.inference.cause import REMEMBERED, Nats, nats
from rules.inference.derived import touched
from rules.inference.knowledge import PASS, Entry, Knowledge, Sway
from wire.entity import Entity
from wire.judgement import Reason

CONFIRMED = 0.1
"""What a second try that agreed leaves of the leak, once."""
LASTED = 0.01
"""What is left of it once more where the look has failed on and on."""
MISREAD = 6.0
"""How much oftener reading takes a harmless line for trouble than signatures do, for each line of trouble
found, on collections that nobody had looked at (docs/performance.md, log lines)."""
MOST_MISREAD = 5e-2
"""Leak of a line of which only that it is new is known: reading says no less."""
UNKNOWN_LEAK = 1e-2
"""Leak of an outcome that the signal does not declare."""
COMES_AND_GOES = frozenset([Reason.RESTARTING, Reason.FLAPPING])
"""Outcomes that say so themselves: a look that ends in them is not the less steady for it."""
STEADY = 0.9
"""Causes at least this strong do not come and go: an intermittent look contradicts them."""


HIGHEST = 2**32
SPREAD = 0x9E3779B1
"""Odd, near 2³² divided by the golden ratio (Knuth, volume 3, 6.4): keys that are alike come to lie apart."""


class Reading(msgspec.Struct, gc=False):
    """An evidence with what the engine needs of it worked out once. Only how fresh it is may change, and
    whether it still stands.
    """

    key: Key
    id: str
    signal: str
    reason: Reason
    """The outcome; of an intermittent key, the earliest outcome of its failing runs."""
    place: int
    leak: float
    leaked: Nats
    """log of the leak: what the look weighs when nothing explains it. 0 for a pass."""
    since: float
    confirmed_at: float
    opposite_at: float | None
    clock_error: float
    confirmed: bool
    intermittent: bool
    exercised: tuple[Exercised, ...]
    """What the look touched, by the names that the engine reasons with."""
    share: tuple[tuple[Entity, float], ...]
    lot: int
    """Below ``HIGHEST``: by it, some are drawn of very many, whatever the order in which they came."""
    is_symptom: bool
    gone: bool = False
    """It is not known any longer; where few are, it leaves when somebody next looks there."""

    @property
    def surely(self) -> float:
        """The latest moment at which it was so for certain, whatever the clocks."""
        return self.confirmed_at - self.clock_error

    def share_of(self, entity: Entity) -> float:
        return next((part for member, part in self.share if member == entity), 1.0)


def read(evidence: Evidence, knowledge: Knowledge) -> Reading | None:
    """None for a signal that nobody declared."""
    signal = knowledge.signals.get(evidence.signal)
    if signal is None:
        return None
    reason, intermittent = evidence.outcome, False
    if evidence.intermittent or reason in COMES_AND_GOES:
        reason, intermittent = _of_runs(evidence, knowledge)
    place = knowledge.place(signal.name, reason)
    leak = signal.outcomes.get(reason, UNKNOWN_LEAK)
    if evidence.by_form:
        leak = max(leak, min(leak * MISREAD, MOST_MISREAD))
    confirmed = evidence.confirmed or intermittent
    if confirmed:
        leak *= CONFIRMED
    if evidence.lasted:
        leak *= LASTED
    return Reading(
        key=evidence.key,
        id=evidence.id,
        signal=evidence.signal,
        reason=reason,
        place=place,
        leak=leak,
        leaked=nats(leak) if place < PASS else 0,
        since=evidence.since,
        confirmed_at=evidence.confirmed_at,
        opposite_at=evidence.opposite_at,
        clock_error=evidence.clock_error,
        confirmed=confirmed,
        intermittent=intermittent,
        exercised=touched(evidence.exercised),
        share=evidence.share,
        lot=lot(evidence.key),
        is_symptom=place < PASS,
    )


def lot(key: Key) -> int:
    """A hash. Cheap, since there may be millions; nothing secret hangs on it."""
    return crc32("\0".join(key).encode()) * SPREAD % HIGHEST


def _of_runs(evidence: Evidence, knowledge: Knowledge) -> tuple[Reason, bool]:
    """The outcome of a look that had several failing runs, and whether it is the less steady for it."""
    earlier = tuple(reason for reason in evidence.intermittent if reason is not Reason.OK)
    if told := [each for each in (evidence.outcome, *earlier) if each in COMES_AND_GOES]:
        return told[0], False
    if not earlier:
        return evidence.outcome, False
    return min(earlier, key=lambda each: (knowledge.place(evidence.signal, each), each.value)), True


def sway(reading: Reading, entries: Iterable[tuple[Entry, float]]) -> tuple[Sway, Nats]:
    """What one cause, with these (entry, share) of it in play, does to this reading, and log(1 − strength).

    A cause that lists the outcome is a producer, whatever else it lists; one whose earliest outcome comes
    before it speaks against itself; one with later outcomes only says nothing.
    """
    produced = 0.0
    blocked = 0.0
    for entry, share in entries:
        strength = entry.strength * share
        if reading.reason in entry.reasons:
            if reading.intermittent and entry.strength >= STEADY:
                blocked = max(blocked, strength)
            else:
                produced = max(produced, strength)
        elif entry.first < reading.place and not entry.only_some:
            blocked = max(blocked, strength)
    if produced > 0:
        return Sway.PRODUCES, nats(1.0 - produced)
    if blocked > 0:
        return Sway.BLOCKS, nats(1.0 - blocked)
    return Sway.NONE, 0


def likelihood(reading: Reading, blocked: Nats, missed: Nats) -> Nats:
    """The log of P(outcome), relative to nothing being wrong.

    ``blocked`` and ``missed`` are sums of log(1 − strength) over active blockers and producers.
    """
    if not missed:
        return blocked
    return blocked + _produced(reading.leak, missed) - reading.leaked


@lru_cache(REMEMBERED)
def _produced(leak: float, missed: Nats) -> Nats:
    """The log of P(outcome) by the leak or any of the producers."""
    return nats(1.0 - (1.0 - leak) * exp(missed / 1e6))


def at_most(reading: Reading) -> Nats:
    """The most that explaining this reading can gain."""
    return -reading.leaked
