"""Turns matched lines into judgements, and a flood of them into few: repeats are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from collectors.logs.log_dates import ANOTHER_DAY
from collectors.services.upstream import SIGNAL as UPSTREAM
from collectors.services.upstream import upstream_in
from rules.matching.matcher import Hit
from rules.matching.signatures import Meaning
from rules.redaction import redact
from wire.entity import Entity, kind_of
from wire.judgement import BY_FORM, Evidence, Judgement, Reason, Verdict

WINDOW = 10.0
"""Seconds in which repeats of one signature on one entity are one judgement."""
KEYS = 512
"""Pairs of signature and entity that are told apart in one window; what is beyond is counted, not told."""
ASIDE_WAIT = 2.0
"""Seconds that a line which comes with another waits for it."""
ASIDE_AFTER = 30.0
"""Seconds after that other line in which it still belongs to it."""
LINE = 512
LINE_READ = 2048

Key = tuple[str, Entity, bool]
"""Signature, what it is about, and whether the lines are of another day: those must not hide today's."""


class Crowd(NamedTuple):
    """Lines of which one means little, and many at once something else."""

    lines: int
    """At least so many in one window."""
    signal: str
    fault: str


CROWDS = {"log.auth_failure": Crowd(8, "log.bruteforce", "sec.bruteforce")}
"""By the signal of one line. Nobody mistypes a password so often in ten seconds."""


class _Run(msgspec.Struct):
    """The lines of one key since it was last told."""

    hit: Hit
    source: str
    service: str
    """Who wrote them, where they are about something else."""
    told_at: float
    age: float = 0.0
    """Seconds since its line was written, when it was read."""
    repeats: int = 0


class Window:
    """``ticks`` are seconds that never step. ``admit`` returns what is told at once, ``due`` the rest."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._runs: dict[Key, _Run] = {}
        self._held: dict[Key, _Run] = {}
        self._named: dict[str, float] = {}
        self.dropped = 0
        """Lines that were not told since the start because too many different ones came."""
        self._dropped_told = 0

    def repeats(self, signature: Meaning, entity: Entity, count: int, age: float = 0.0) -> bool:
        """Count lines like one that is still to be told; False where there is none."""
        run = self._runs.get((signature.id, entity, age > ANOTHER_DAY))
        if run is None or not run.repeats:
            return False
        run.repeats += count
        return True

    def admit(
        self, hit: Hit, entity: Entity, source: str, count: int = 1, *, service: str = "", age: float = 0.0
    ) -> Judgement | None:
        """``service``: who wrote it, where the line is about something else; ``age``: seconds ago."""
        now = self._ticks()
        key = (hit.signature.id, entity, age > ANOTHER_DAY)
        run = self._runs.get(key)
        if run is not None:
            if not run.repeats:
                run.hit = hit
            run.repeats += count
            return None
        if len(self._runs) + len(self._held) >= KEYS:
            self.dropped += count
            return None
        if hit.signature.waits:
            if now - self._named.get(_companion(hit, source), float("-inf")) < ASIDE_AFTER:
                return None
            held = self._held.setdefault(key, _Run(hit, source, service, now, age))
            held.repeats += count
            return None
        said = (hit.signature.signal, source)
        self._named.update(dict.fromkeys(said, now))
        self._held = {
            other: held for other, held in self._held.items() if _companion(held.hit, held.source) not in said
        }
        run = self._runs[key] = _Run(hit, source, service, now, age)
        return self._judge(run, entity, count, age)

    def due(self, *, ended: bool = False) -> list[Judgement]:
        """What repeated itself until its window closed, and lines whose companion never came.

        ``ended``: no further line comes.
        """
        now = self._ticks()
        told: list[Judgement] = []
        for key, run in self._alone(float("inf") if ended else now):
            self._runs[key] = _Run(run.hit, run.source, run.service, now, run.age)
            told.append(self._judge(run, key[1], run.repeats, run.age + now - run.told_at))
        for key, run in list(self._runs.items()):
            if now - run.told_at < WINDOW:
                continue
            if run.repeats or self.dropped > self._dropped_told:
                # What was dropped is said also when nothing else is left to say.
                told.append(self._judge(run, key[1], run.repeats, run.age if key[2] else 0.0))
                run.told_at, run.repeats = now, 0
            else:
                del self._runs[key]
        return told

    def _alone(self, now: float) -> list[tuple[Key, _Run]]:
        """Those that waited long enough; what only names the host yields to what names more."""
        waited = [(key, run) for key, run in self._held.items() if now - run.told_at >= ASIDE_WAIT]
        for key, _ in waited:
            del self._held[key]
        named = {_companion(run.hit, run.source) for key, run in waited if kind_of(key[1]) != "host"}
        return [
            (key, run)
            for key, run in waited
            if kind_of(key[1]) != "host" or _companion(run.hit, run.source) not in named
        ]

    def _judge(self, run: _Run, entity: Entity, count: int, age: float = 0.0) -> Judgement:
        hit, signature = run.hit, run.hit.signature
        evidence: Evidence = {
            "line": redact(hit.text[:LINE_READ])[:LINE],
            "signature": signature.id,
            "count": count,
            "source": run.source,
        }
        if signature.by_form:
            evidence[BY_FORM] = True
        if run.service:
            evidence["service"] = run.service
        signal, fault, verdict = signature.signal, signature.fault, signature.severity.verdict
        crowd = CROWDS.get(signal)
        if crowd is not None and count >= crowd.lines:
            signal, fault, verdict = crowd.signal, crowd.fault, Verdict.FAIL
        if fault:
            evidence["points_to"] = fault
        if self.dropped > self._dropped_told:
            evidence["dropped"] = self.dropped - self._dropped_told
            self._dropped_told = self.dropped
        return Judgement(
            signal=signal,
            subject=entity,
            verdict=verdict,
            reason=Reason.MATCHED,
            evidence=evidence,
            path=upstream_in(hit.text[:LINE_READ]) if signature.signal == UPSTREAM else None,
            age=age,
        )


def _companion(hit: Hit, source: str) -> str:
    """What a line that waits comes with: another of its signal or, for a dump, any of its source."""
    return source if hit.signature.dump else hit.signature.signal
