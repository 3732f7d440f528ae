"""The nodes of the reasoning, a fault or a state on one entity, and the logarithms they are weighed in."""

from __future__ import annotations

from functools import lru_cache
from math import exp, log
from typing import NamedTuple

from rules.models import State
from wire.entity import Entity

Nats = int
"""Natural logarithm in micronats. Integers, because float sums depend on the order of arrival."""
NAT: Nats = 1_000_000
NEVER: Nats = -60 * NAT
"""Stands for log 0: far below anything that evidence can outweigh."""
_STATE = "state."
REMEMBERED = 16_384
"""Logarithms: the same few strengths are combined over and over."""


class Cause(NamedTuple):
    """What can make a look fail: ``("svc.process.down", entity)``, or a state ``("state.down", entity)``."""

    name: str
    entity: Entity

    @property
    def is_state(self) -> bool:
        return self.name.startswith(_STATE)


def state_name(state: State) -> str:
    return _STATE + state.value


def state_of(cause: Cause) -> State:
    """Raises ValueError for a cause that is a fault."""
    return State(cause.name.removeprefix(_STATE))


@lru_cache(REMEMBERED)
def nats(probability: float) -> Nats:
    return round(log(probability) * NAT) if probability > 0 else NEVER


def chance(value: Nats) -> float:
    return exp(value / NAT)


@lru_cache(REMEMBERED)
def complement(value: Nats) -> Nats:
    """log(1 − exp(value)): from "none of them" to "at least one of them"."""
    return nats(1.0 - exp(value / NAT)) if value < 0 else NEVER
