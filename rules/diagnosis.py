"""What the engine concludes: roots, their consequences, what was ruled out and by what."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rules.models import State
from wire.entity import Entity

Key = tuple[str, str, Entity]
"""(observer, signal, subject) of an observation."""


class Certainty(StrEnum):
    """The verdict of a diagnosis."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    INCONCLUSIVE = "inconclusive"


class Weight(msgspec.Struct, frozen=True):
    """What one observation says of a hypothesis, were it the only cause."""

    observation: str
    nats: float
    """Natural logarithm of the odds: above zero for it, below zero against it."""


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """A fault on one entity, with the observations for and against it."""

    fault: str
    entity: Entity
    probability: float
    supported_by: tuple[str, ...] = ()
    opposed_by: tuple[str, ...] = ()
    weights: tuple[Weight, ...] = ()
    """Of these observations, the weightiest of either side; not of all in a storm."""


class RuledOut(msgspec.Struct, frozen=True, kw_only=True):
    """A hypothesis that observations speak against."""

    fault: str
    entity: Entity
    by: tuple[str, ...]


class Consequence(msgspec.Struct, frozen=True, kw_only=True):
    """A state that follows from the root, and the observations that show it."""

    entity: Entity
    state: State
    because: Entity
    """The entity one hop nearer to the root."""
    shown_by: tuple[str, ...] = ()


class Redundancy(msgspec.Struct, frozen=True, kw_only=True):
    """A group that lost members, and what is left of it."""

    group: Entity
    lost: tuple[Entity, ...]
    left: tuple[Entity, ...]
    need: int
    held: bool = True
    """Nobody who leans on the group is seen to fail."""


class Unchecked(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be looked at, and why; it lowers confidence."""

    signal: str
    subject: Entity
    why: str


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One test of a step, and what came of it."""

    check: str
    subject: Entity
    observer: str
    cost: float
    """Seconds that it was thought to take."""
    gain: float
    """Bits that its answer was expected to tell; 0 for a failing look taken once more."""
    outcome: str = ""
    """The reason that the answer gave (``ok``, ``refused`` …); empty where none came."""
    answer: str = ""
    """Id of the observation."""
    why_not: str = ""
    """Why there is no answer."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One narrowing step of the drill-down, as it went."""

    at: float
    tests: tuple[str, ...]
    """``signal subject`` by ``observer``."""
    before: tuple[Hypothesis, ...]
    after: tuple[Hypothesis, ...]
    tried: tuple[Tried, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    """Of those before, what no longer counts after it, and by what."""

    @property
    def cost(self) -> float:
        """Seconds, of all its tests."""
        return sum(each.cost for each in self.tried)


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """One root (or one class of roots that nothing seen so far can separate) and what it explains."""

    root: Hypothesis
    certainty: Certainty
    probability: float
    """Of the root or, where it is one of a class, of the class."""
    members: tuple[Hypothesis, ...] = ()
    """The indistinguishable class in prior order, the root first; empty when the root stands alone."""
    separated_by: tuple[str, ...] = ()
    """Tests or vantages that would separate the members."""
    entity: Entity
    """What the ticket names: the root's entity, or the smallest one common to the members."""
    onset: float
    explains: tuple[Key, ...] = ()
    observations: tuple[str, ...] = ()
    """Ids of the explained observations, in the order of ``explains``."""
    perhaps: tuple[Key, ...] = ()
    """Explained only over an undeclared dependency."""
    hypotheses: tuple[Hypothesis, ...] = ()
    """The best, root first, with the runners-up."""
    consequences: tuple[Consequence, ...] = ()
    redundancy: tuple[Redundancy, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    steps: tuple[Step, ...] = ()
    context: tuple[str, ...] = ()
    """Ids of what was said on its hosts shortly before the onset: no evidence, but worth reading."""


def cited_ids(diagnosis: Diagnosis) -> list[str]:
    """Every observation that something in it rests on, the most telling first."""
    found: list[str] = [*diagnosis.root.supported_by, *diagnosis.root.opposed_by, *diagnosis.observations]
    for each in (*diagnosis.members, *diagnosis.hypotheses):
        found += [*each.supported_by, *each.opposed_by]
    for ruled_out in diagnosis.ruled_out:
        found += ruled_out.by
    for consequence in diagnosis.consequences:
        found += consequence.shown_by
    found += diagnosis.context
    for step in diagnosis.steps:
        found += [tried.answer for tried in step.tried if tried.answer]
        for ruled_out in step.ruled_out:
            found += ruled_out.by
    return list(dict.fromkeys(found))
