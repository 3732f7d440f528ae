"""The diagnosis of everything that is known now, kept up to date evidence by evidence."""

from __future__ import annotations

from rules.catalogue import Catalogue
from rules.diagnosis import Diagnosis, Key
from rules.evidence import Evidence
from rules.graph import Graph
from rules.inference.candidates import Candidates, gather
from rules.inference.closure import Closer
from rules.inference.components import Component, components
from rules.inference.explain import Case
from rules.inference.ground import Ground
from rules.inference.index import Index
from rules.inference.knowledge import Knowledge
from rules.inference.outcomes import read
from rules.inference.reach import Reach, by_cause
from rules.inference.score import Judge
from rules.inference.search import search
from rules.inference.touch import Scene, Touches


class Engine:
    """Takes evidence in any order; ``infer`` gives the same answer for the same evidence, to the byte."""

    def __init__(self, catalogue: Catalogue, graph: Graph) -> None:
        self.knowledge = Knowledge(catalogue)
        self.ground = Ground(self.knowledge, graph)
        self.index = Index()
        self._reach = Reach(self.ground)

    def update(self, evidence: Evidence) -> None:
        """Take the latest result of its key in place of what was known of it."""
        reading = read(evidence, self.knowledge)
        if reading is None:
            return
        self.index.put(reading)

    def remove(self, key: Key) -> None:
        """The key is no longer looked at, or no longer known."""
        self.index.drop(key)
        self._reach.drop(key)

    def graph_changed(self) -> None:
        """What leans on what has changed: what was remembered of it is forgotten."""
        self._reach.forget()

    def infer(self, now: float) -> list[Diagnosis]:
        """One diagnosis per root, the oldest first."""
        del now
        touches = Touches(self.ground, self.index)
        behind = by_cause(self._reach, self.index.symptoms)
        candidates = gather(self.ground, self.index, touches, behind)
        closer = Closer(
            self.ground, touches, behind, {cause: each.onset for cause, each in candidates.worth.items()}
        )
        found: list[Diagnosis] = []
        for component in components(candidates.worth):
            found += self._solve(component, candidates, closer, touches)
        return sorted(found, key=lambda each: (each.onset, each.entity, each.root.fault))

    def _solve(
        self, component: Component, candidates: Candidates, closer: Closer, touches: Touches
    ) -> list[Diagnosis]:
        scene = Scene(self.ground, self.index, touches)
        judge = Judge(closer, touches, {each.cause: each.prior for each in component.candidates})
        best = search(component, judge, self.index.readings)
        keys = set(component.keys)
        refuted = [each for each in candidates.refuted if not keys.isdisjoint(each.keys)]
        return Case(scene, component, refuted, judge, best).diagnoses()
