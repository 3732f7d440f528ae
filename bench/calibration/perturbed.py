"""A recording as it might have gone: observations lost, batches late, symptoms of something else."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from random import Random

from msgspec.structs import replace

from server.recording.lines import Asked, Declared, HungUp, Known, Line, Planned, Said
from wire.judgement import Reason, Verdict
from wire.observation import Observation

LOST = 0.1
"""Share of the passing looks that never arrive."""
LOST_FAILING = 0.03
LATE = 0.2
LATEST = 3.0
"""Seconds by which a late batch is late."""
FALSE = 2
"""Looks that fail once though nothing is wrong with what they ask."""
FALSE_FOR = 12.0
Timed = Said | Asked | HungUp | Declared | Planned
NETWORK = ("net.icmp", "net.tcp", "app.http", "net.dns")


ROOM = 10
"""Numbers of observations are spread so far, for false ones between them."""


def perturbed(lines: Sequence[Line], seed: int) -> list[Line]:
    """The same for the same seed; seed 0 leaves everything as it was."""
    if not seed:
        return list(lines)
    chance = Random(seed)
    false = _false(lines, chance)
    ready: dict[str, float] = {}
    numbers: dict[str, int] = {}
    fixed: list[Line] = []
    timed: list[Timed] = []
    for line in lines:
        match line:
            case Known(agent=agent):
                numbers[agent.agent] = agent.mark * ROOM
                fixed.append(_spread(line))
            case Said(batch=batch):
                at = max(line.at + _delay(chance), ready.get(batch.agent, 0.0))
                ready[batch.agent] = at
                seen = [_numbered(each) for each in batch.observations if not _is_lost(each, chance)]
                last = max([numbers.get(batch.agent, 0), *(each.seq * ROOM for each in batch.observations)])
                numbers[batch.agent] = last
                due = [each for each in false.get(batch.agent, []) if each.at <= line.at]
                false[batch.agent] = [each for each in false.get(batch.agent, []) if each.at > line.at]
                seen += [replace(each, seq=last + place) for place, each in enumerate(due[: ROOM - 1], 1)]
                numbers[batch.agent] = last + len(due)
                timed.append(Said(at=at, batch=replace(batch, observations=tuple(seen))))
            case Asked() | HungUp() | Declared() | Planned():
                timed.append(line)
            case _:
                fixed.append(line)
    return [*fixed, *sorted(timed, key=attrgetter("at"))]


def _delay(chance: Random) -> float:
    return chance.uniform(0.2, LATEST) if chance.random() < LATE else 0.0


def _is_lost(seen: Observation, chance: Random) -> bool:
    if seen.task or seen.retired:
        return False
    return chance.random() < (LOST if seen.verdict is Verdict.PASS else LOST_FAILING)


def _numbered(seen: Observation) -> Observation:
    return replace(seen, seq=seen.seq * ROOM)


def _spread(line: Known) -> Known:
    agent = line.agent
    entries = [replace(each, observation=_numbered(each.observation)) for each in agent.entries]
    return Known(agent=replace(agent, mark=agent.mark * ROOM, entries=entries))


def _false(lines: Sequence[Line], chance: Random) -> dict[str, list[Observation]]:
    """Agent → looks that passed at the beginning, time out once, and pass again; as yet without a number."""
    times = [line.at for line in lines if isinstance(line, Said)]
    every = [
        (line.agent.agent, entry.observation)
        for line in lines
        if isinstance(line, Known)
        for entry in line.agent.entries
        if entry.observation.signal in NETWORK and entry.observation.verdict is Verdict.PASS
    ]
    found: dict[str, list[Observation]] = {}
    for agent, seen in chance.sample(every, min(FALSE, len(every))):
        at = chance.uniform(times[0], times[-1])
        wrong = {"verdict": Verdict.FAIL, "reason": Reason.TIMEOUT, "at": at, "since": at}
        again = {"at": at + FALSE_FOR, "since": at + FALSE_FOR, "opposite_at": at}
        found.setdefault(agent, []).append(replace(seen, **wrong, opposite_at=seen.at, task=""))
        found[agent].append(replace(seen, **again, task=""))
    return {agent: sorted(each, key=attrgetter("at")) for agent, each in found.items()}
