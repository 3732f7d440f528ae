"""From a diagnosis to the fields of its ticket: title, class, impact, urgency, priority, team."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from rules.catalogue import Catalogue
from rules.classification import domain_of
from rules.diagnosis import Diagnosis
from rules.models import Fault
from rules.topology import Topology
from server.desk.grading import grade_impact, grade_urgency
from server.desk.routing import Routing
from server.desk.scope import Leaning, reach
from server.desk.ticket import Level, Scope
from server.desk.wording import titles
from server.diagnosis.standing import Standing
from server.diagnosis.turn import root_of
from wire.judgement import Verdict

MAX_STEPS = 24
MAX_HOSTS = 200


class Describe:
    """Knows the catalogue, the picture of the site and the desk's tables."""

    def __init__(
        self, catalogue: Catalogue, topology: Topology, standing: Standing, routing: Routing
    ) -> None:
        self._catalogue = catalogue
        self._topology = topology
        self._standing = standing
        self._routing = routing
        self._leaning = Leaning()
        self._described: tuple[Diagnosis, dict[str, Any]] | None = None

    def fault(self, diagnosis: Diagnosis) -> Fault | None:
        return self._catalogue.faults.get(root_of(diagnosis)[0])

    def fields(self, diagnosis: Diagnosis) -> dict[str, Any]:
        """All that follows from the diagnosis. Raises KeyError for a fault that nobody described.

        Where a ticket begins or moves it is asked twice, and a storm has very many hosts.
        """
        if self._described is None or self._described[0] is not diagnosis:
            self._described = (diagnosis, self._describe(diagnosis))
        return self._described[1]

    def _describe(self, diagnosis: Diagnosis) -> dict[str, Any]:
        name, entity = root_of(diagnosis)
        fault = self._catalogue.faults[name]
        hit = reach(
            diagnosis,
            self._topology.graph,
            self._topology.inventories,
            failing=self._failing(diagnosis),
            place=self._standing.place,
            leaning_on=self._leaning.of,
        )
        impact, urgency = grade_impact(entity, hit), grade_urgency(fault, hit)
        domain = domain_of(fault)
        return {
            "title": titles(self._catalogue, name, entity),
            "fault": fault.id,
            "entity": diagnosis.entity,
            "domain": domain,
            "type": fault.type,
            "impact": impact,
            "urgency": urgency,
            "priority": self._routing.priority(cast("Scope", impact.value), cast("Level", urgency.value)),
            "team": self._routing.team(domain),
            "hosts": hit.hosts[:MAX_HOSTS],
            "root": (name, entity),
        }

    def _failing(self, diagnosis: Diagnosis) -> bool:
        entries = (self._standing.entries.get(key) for key in diagnosis.explains)
        return any(entry is not None and entry.observation.verdict is Verdict.FAIL for entry in entries)

    @staticmethod
    def with_earlier_steps(diagnosis: Diagnosis, earlier: Diagnosis | None) -> Diagnosis:
        """Steps taken before a restart belong to the story."""
        if earlier is None:
            return diagnosis
        known = {(step.at, step.tests) for step in diagnosis.steps}
        before = [step for step in earlier.steps if (step.at, step.tests) not in known]
        steps = sorted((*before, *diagnosis.steps), key=lambda step: step.at)
        return msgspec.structs.replace(diagnosis, steps=tuple(steps[-MAX_STEPS:]))
