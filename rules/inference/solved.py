"""The conclusions about one component, and what they rest on."""

from __future__ import annotations

from typing import NamedTuple

from rules.diagnosis import Diagnosis
from rules.inference.components import Component
from wire.entity import Entity


class Solved(NamedTuple):
    """Good until the component, or a look at a watched entity, changes."""

    component: Component
    watched: frozenset[Entity]
    temperature: float
    diagnoses: tuple[Diagnosis, ...]
