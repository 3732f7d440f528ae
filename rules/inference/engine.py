"""The diagnosis of everything that is known now, kept up to date evidence by evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from rules.catalogue import Catalogue
from rules.diagnosis import Diagnosis, Key
from rules.evidence import Evidence
from rules.graph import Graph
from rules.inference.candidates import Candidate, Refuted, judge
from rules.inference.cause import Cause
from rules.inference.closure import Closer
from rules.inference.components import Component, components
from rules.inference.crowd import Crowd
from rules.inference.explain import Case
from rules.inference.following import Following
from rules.inference.forecast import Forecasts
from rules.inference.ground import Ground
from rules.inference.groups import with_redundancy
from rules.inference.index import Index
from rules.inference.knowledge import Knowledge
from rules.inference.lot import MANY
from rules.inference.outcomes import Reading, read
from rules.inference.reach import Reach
from rules.inference.refuted import with_refuted
from rules.inference.score import Judge
from rules.inference.search import search
from rules.inference.segments import together
from rules.inference.solved import Solved
from rules.inference.standing import Standing
from rules.inference.temperature import load_temperatures
from rules.inference.touch import Scene, Touches


class Engine:
    """Takes evidence in any order; ``infer`` gives the same answer for the same evidence, to the byte."""

    def __init__(
        self,
        catalogue: Catalogue,
        graph: Graph,
        temperature: Callable[[Collection[Key]], float] = lambda _keys: load_temperatures().before,
    ) -> None:
        """``temperature`` of what is concluded from these symptoms (engine rule 15)."""
        self.knowledge = Knowledge(catalogue)
        self.ground = Ground(self.knowledge, graph)
        self.index = Index()
        self.forecasts = Forecasts(self.ground)
        self._temperature = temperature
        self._reach = Reach(self.ground)
        self._standing = Standing(self.index, self._reach)
        self._worth: dict[Cause, Candidate] = {}
        self._refuted: dict[Cause, Refuted] = {}
        self._solved: dict[tuple[Key, ...], Solved] = {}
        self._crowd = Crowd()
        self._following = Following(self.ground, self._crowd)
        self._scene = Scene(self.ground, self.index, Touches(self.ground, self.index, self._crowd))
        self._shares: dict[str, float] = {}
        self._latest: tuple[int, list[Diagnosis]] | None = None
        """Revision of the crowd, and what was concluded; good until something else changes."""

    def update(self, evidence: Evidence) -> None:
        """Take the latest result of its key in place of what was known of it."""
        reading = read(evidence, self.knowledge)
        if reading is None:
            return
        if self._crowd.put(reading):
            self._weigh(reading)
        else:
            self._let_go(reading.key)

    def confirm(self, evidence: Evidence) -> None:
        """The same as ``update`` at a fraction of its cost, where nothing but how fresh it is has changed."""
        key = evidence.key
        weighed = self.index.readings.get(key)
        reading = weighed or self._crowd.waiting(key)
        if reading is None or (reading.is_symptom and reading.clock_error != evidence.clock_error):
            self.update(evidence)  # for a symptom the clock also bears on when it began
            return
        before = reading.surely
        reading.confirmed_at, reading.clock_error = evidence.confirmed_at, evidence.clock_error
        if weighed is not None:
            self.index.confirm(reading)
            self._standing.confirm(reading, before)

    def remove(self, key: Key) -> None:
        """The key is no longer looked at, or no longer known."""
        self._crowd.drop(key)
        self._let_go(key)

    def _draw(self) -> None:
        """Of very many symptoms that are alike, find anew who is weighed."""
        sample = self._crowd.draw()
        for each in sample.set_aside:
            self._let_go(each.key)
        for each in sample.weighed:
            self._weigh(each)

    def _weigh(self, reading: Reading) -> None:
        known = self.index.readings.get(reading.key)
        self.index.put(reading)
        self._standing.replace(known, reading)

    def _let_go(self, key: Key) -> None:
        known = self.index.drop(key)
        if known is not None:
            self._standing.replace(known, None)
            self._reach.drop(key)

    def graph_changed(self) -> None:
        """What leans on what has changed: what was remembered of it is forgotten."""
        self.ground.forget()
        self._reach.forget()
        self._following.forget()
        self.forecasts.forget()
        self._standing.forget_all()

    def infer(self, now: float) -> list[Diagnosis]:
        """One diagnosis per root, the oldest first. Only what changed since the last call is searched."""
        del now
        self._draw()
        shares = self._crowd.shares()
        if changed := {signal for signal, _ in shares.items() ^ self._shares.items()}:
            self._shares = shares
            self._standing.turn(self.index.crowds(changed))
        self._standing.turn({*self._crowd.turned(), *self.index.crossed()})
        if self._latest is not None and self._latest[0] == self._crowd.revision and self._holds():
            return list(self._latest[1])
        found = self._concluded()
        while lost := self._following.lost(_roots(found)):
            for each in self._crowd.release([one.key for one in lost[: max(MANY, len(lost) // 2)]]):
                self._weigh(each)
            found = self._concluded()
        found = [with_refuted(each, self._refuted, self._reach, self._scene) for each in found]
        found = self._following.shared_out(found)
        found = together(found, self.knowledge, self.ground.graph)
        found = with_redundancy(found, self.ground.graph, self.index, self.knowledge.signals)
        found.sort(key=lambda each: (each.onset, each.entity, each.root.fault, each.root.entity))
        self._latest = (self._crowd.revision, found)
        return list(found)

    def _holds(self) -> bool:
        """Nothing has changed since the last conclusion, nor how sure it makes us."""
        return not self._standing.changed and all(
            self._temperature(keys) == each.temperature for keys, each in self._solved.items()
        )

    def _concluded(self) -> list[Diagnosis]:
        """From what is weighed."""
        if self._holds():
            return [diagnosis for each in self._solved.values() for diagnosis in each.diagnoses]
        if self._standing.settle():
            self._worth.clear()
            self._refuted.clear()
            self._solved.clear()
            self._scene.touches.forget_all()
        if self._standing.reaches_back:
            self._scene.touches.forget_all()
        self._scene.touches.earliest = self._standing.earliest
        self._scene.touches.forget(self._standing.changed_entities | self._standing.confirmed_entities)
        self._judge_changed()
        changed = self._standing.changed_entities | {cause.entity for cause in self._standing.changed_causes}
        solved: dict[tuple[Key, ...], Solved] = {}
        for component in components(self._worth):
            known = self._solved.get(component.keys)
            temperature = self._temperature(component.keys)
            same = known is not None and (known.component, known.temperature) == (component, temperature)
            if known is None or not same or not known.watched.isdisjoint(changed):
                known = self._solve(component, temperature)
            solved[component.keys] = known
        self._solved = solved
        self._standing.done()
        return [diagnosis for each in solved.values() for diagnosis in each.diagnoses]

    def _judge_changed(self) -> None:
        for cause in self._standing.faults_to_judge():
            self._worth.pop(cause, None)
            self._refuted.pop(cause, None)
            symptoms = self._standing.behind.get(cause)
            if not symptoms:
                continue
            found = judge(cause, symptoms.values(), self.ground, self.index, self._scene.touches)
            if isinstance(found, Candidate):
                self._worth[cause] = found
            elif found is not None:
                self._refuted[cause] = found

    def _solve(self, component: Component, temperature: float) -> Solved:
        scene = self._scene
        onsets = {each.cause: each.onset for each in component.candidates}
        closer = Closer(self.ground, scene.touches, self._standing.behind, onsets, self._crowd.near)
        judged = Judge(closer, scene.touches, {each.cause: each.prior for each in component.candidates})
        scene.touches.watched = set()
        best = search(component, judged, self.index.readings, many=self._crowd.is_behind(component.keys))
        diagnoses = Case(scene, component, judged, best, temperature).diagnoses()
        return Solved(component, frozenset(scene.touches.watched), temperature, tuple(diagnoses))


def _roots(found: Iterable[Diagnosis]) -> list[Cause]:
    """The one that explains most first."""
    ordered = sorted(found, key=lambda each: (-len(each.explains), each.root.fault, each.root.entity))
    return [Cause(each.root.fault, each.root.entity) for each in ordered]
