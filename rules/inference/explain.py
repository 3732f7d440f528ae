"""From the best set of roots to diagnoses: what each explains, leads to and rules out, all with ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from rules.diagnosis import Consequence, Diagnosis, Hypothesis, Key, RuledOut, Weight
from rules.inference.candidates import Candidate
from rules.inference.cause import NAT, Cause, Nats, state_of
from rules.inference.classes import class_of, common_entity, other_truths, separating
from rules.inference.closure import Closure
from rules.inference.components import Component
from rules.inference.order import is_near
from rules.inference.outcomes import Reading, likelihood
from rules.inference.probability import Shares, certainty
from rules.inference.score import Judge, Weighed
from rules.inference.touch import Scene, Touch
from rules.models import Role

RUNNERS_UP = 5
RULED_OUT = 12
TRIED = 60
"""Hypotheses that are asked for what speaks against them."""
UNLIKELY = 0.01
WEIGHED = 20
"""Supporting observations whose weight is told with one hypothesis."""
CITED = 5
"""Observations cited for or against one hypothesis, at most."""


class Case:
    """One component after its search."""

    def __init__(
        self,
        scene: Scene,
        component: Component,
        judge: Judge,
        best: Weighed,
        temperature: float,
    ) -> None:
        self._ground = scene.ground
        self._index = scene.index
        self._touches = scene.touches
        self._component = component
        self._judge = judge
        self._best = best
        self._shares = Shares(judge.visited.values(), temperature)
        self._candidates = {candidate.cause: candidate for candidate in component.candidates}

    def diagnoses(self) -> list[Diagnosis]:
        explained = self._divide()
        return [self._diagnosis(root, explained[root]) for root in self._best.roots if explained[root]]

    def _diagnosis(self, root: Cause, readings: list[Reading]) -> Diagnosis:
        closure = self._judge.close((root,))
        alike = class_of(root, self._component, self._best, self._judge)
        probability = self._shares.of_any(alike)
        members = other_truths(alike)
        keys = {reading.key for reading in readings}
        shown = self._own(root, closure)
        return Diagnosis(
            root=self._hypothesis(root),
            certainty=certainty(probability, alone=len(members) == 1, shown=shown),
            probability=probability,
            members=tuple(self._hypothesis(member) for member in members) if len(members) > 1 else (),
            separated_by=separating(members, self._ground),
            entity=common_entity(members, self._ground.graph),
            onset=min(reading.since for reading in readings),
            explains=tuple(reading.key for reading in readings),
            observations=tuple(reading.id for reading in readings),
            perhaps=tuple(sorted(self._perhaps(closure) & keys)),
            hypotheses=self._hypotheses(root, keys),
            consequences=tuple(self._consequences(closure, keys)),
            ruled_out=tuple(self._ruled_out(alike, keys)),
        )

    def _divide(self) -> dict[Cause, list[Reading]]:
        """Each explained symptom goes to the root that explains it best."""
        claims: dict[Key, list[tuple[Nats, int, Cause, Reading]]] = {}
        for root in self._best.roots:
            closure = self._judge.close((root,))
            worth = -self._judge.weigh((root,)).score
            for reading, _, missed in self._judge.sums(closure).values():
                if missed and reading.is_symptom:
                    claims.setdefault(reading.key, []).append((missed, worth, root, reading))
        explained: dict[Cause, list[Reading]] = {root: [] for root in self._best.roots}
        for key in sorted(claims):
            _, _, root, reading = min(claims[key], key=lambda claim: claim[:3])
            explained[root].append(reading)
        return explained

    def _own(self, root: Cause, closure: Closure) -> bool:
        """Whether a symptom of the root's own, or a confirming one, was seen."""
        for cause, active in closure.active.items():
            if is_near(cause, root, active.because) and any(
                touch.produces for touch in self._touches.of(cause, active.onset)
            ):
                return True
        model = self._ground.model(root)
        tests = model.fault.confirm if model and model.fault else ()
        return any(True for test in tests for _ in self._index.failing(root.entity, (test.check, Role.SELF)))

    def _perhaps(self, closure: Closure) -> set[Key]:
        sure: set[Key] = set()
        unsure: set[Key] = set()
        for cause, active in closure.active.items():
            for touch in self._touches.of(cause, active.onset):
                if touch.produces:
                    (unsure if active.undeclared else sure).add(touch.reading.key)
        return unsure - sure

    def _hypotheses(self, root: Cause, keys: set[Key]) -> tuple[Hypothesis, ...]:
        rivals = sorted(
            (-self._shares.of(each.cause), each.cause)
            for each in self._component.candidates
            if each.cause != root and not keys.isdisjoint(each.keys) and self._shares.of(each.cause) > 0
        )
        named = (self._hypothesis(cause) for _, cause in rivals)
        return (self._hypothesis(root), *islice(filter(_is_shown, named), RUNNERS_UP))

    def _hypothesis(self, cause: Cause) -> Hypothesis:
        closure = self._judge.close((cause,))
        support = {
            reading.key: Weight(reading.id, likelihood(reading, blocked, missed) / NAT)
            for reading, blocked, missed in self._judge.sums(closure).values()
            if missed and reading.is_symptom
        }
        opposed = self._opposed(self._candidates[cause])
        weightiest = sorted(support.values(), key=lambda each: (-each.nats, each.observation))
        return Hypothesis(
            fault=cause.name,
            entity=cause.entity,
            probability=self._shares.of(cause),
            supported_by=tuple(support[key].observation for key in sorted(support)),
            opposed_by=tuple(each.observation for each in opposed),
            weights=(*weightiest[:WEIGHED], *opposed),
        )

    def _opposed(self, candidate: Candidate) -> tuple[Weight, ...]:
        """The looks that speak against it, the weightiest first."""
        cause, onset = candidate.cause, candidate.onset
        touches = [*self._touches.of(cause, onset)]
        for hop in self._ground.children(cause):
            if hop.cause.entity == cause.entity:
                touches += self._touches.of(hop.cause, onset)
        found: dict[str, Weight] = {}
        for touch in _weightiest(touches):
            found.setdefault(touch.reading.id, Weight(touch.reading.id, touch.miss / NAT))
        return tuple(found.values())[:CITED]

    def _consequences(self, closure: Closure, keys: set[Key]) -> Iterable[Consequence]:
        """Each with what shows it, be it only by what it led to further on."""
        shown: dict[Cause, dict[Key, str]] = {
            cause: {
                touch.reading.key: touch.reading.id
                for touch in self._touches.of(cause, active.onset)
                if touch.produces and touch.reading.key in keys
            }
            for cause, active in closure.active.items()
        }
        for cause, active in reversed(closure.active.items()):
            if active.because is not None and not shown[active.because]:
                shown[active.because] = shown[cause]
        for cause, active in closure.active.items():
            because, by = active.because, shown[cause]
            if because is None or because.entity == cause.entity or not by:
                continue
            yield Consequence(
                entity=cause.entity,
                state=state_of(cause),
                because=because.entity,
                shown_by=tuple(by[key] for key in sorted(by)),
            )

    def _ruled_out(self, members: Sequence[Cause], keys: set[Key]) -> list[RuledOut]:
        """Other hypotheses for the same symptoms, with what speaks against them."""
        unlikely = sorted(
            (-len(keys.intersection(each.keys)), each.cause, each)
            for each in self._component.candidates
            if each.cause not in members and self._shares.of(each.cause) < UNLIKELY
        )
        found: list[RuledOut] = []
        for shared, cause, candidate in unlikely[:TRIED]:
            by = self._opposed(candidate) if shared else ()
            if by and len(found) < RULED_OUT:
                ids = tuple(each.observation for each in by)
                found.append(RuledOut(fault=cause.name, entity=cause.entity, by=ids))
        return found


def _is_shown(each: Hypothesis) -> bool:
    """Nothing is claimed without an observation, a runner-up neither."""
    return bool(each.supported_by or each.opposed_by)


def _weightiest(touches: Iterable[Touch]) -> list[Touch]:
    against = [touch for touch in touches if not touch.produces]
    return sorted(against, key=lambda touch: (touch.miss, touch.reading.key))
