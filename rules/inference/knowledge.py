"""The catalogue, compiled for questions in both directions: what does a cause show, and what shows this?"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from rules.catalogue import Catalogue
from rules.inference.cause import Nats, nats, state_name
from rules.models import Fault, Onto, Role, Signal, StateModel, Symptom, kinds_of, probability, symptoms_of
from wire.judgement import Reason

Look = tuple[str, Role]
"""A signal, and the role in which it exercises an entity."""
PASS = 1_000
"""The place of ``pass`` in the order of outcomes: after every way to fail."""


class Sway(Enum):
    """What an active cause does to the chance of a look's outcome."""

    NONE = 0
    PRODUCES = 1
    BLOCKS = 2
    """It would have ended the look otherwise."""


Question = Reason | tuple[Reason, bool, float]
"""Outcome of an observation; with it, where that is so, whether it is intermittent, and its share."""
Answer = tuple[Sway, Nats, bool]
"""What a cause does to it, log(1 − strength), and whether it is by the resolver only."""


class Entry(NamedTuple):
    """One symptom of one model, ready to be weighed."""

    reasons: frozenset[Reason]
    first: int
    """Place of its earliest outcome among those of the signal."""
    strength: float
    miss: Nats
    """log(1 − strength)."""
    only_some: bool = False
    """A look that ends otherwise does not speak against the cause."""


Outcomes = dict[Look, set[Reason]]


class Spread(NamedTuple):
    """One effect of one model."""

    state: str
    """Name of the state's cause."""
    on: Onto
    strength: float
    kind: str


class Model(NamedTuple):
    """A fault or a state of one kind of entity."""

    name: str
    kind: str
    prior: Nats
    entries: dict[Look, tuple[Entry, ...]]
    looks: dict[str, tuple[Look, ...]]
    """By signal."""
    spreads: tuple[Spread, ...]
    fault: Fault | None
    sways: dict[tuple[Look, ...], dict[Question, Answer]]
    """What was worked out already, by the looks through which an observation exercised the entity."""


class Knowledge:
    """All models by kind of entity, and the two indexes that lead back from what is seen."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.signals = catalogue.signals
        self._order = {name: places(signal) for name, signal in catalogue.signals.items()}
        self._models: dict[tuple[str, str], Model] = {}
        self._shown_by: dict[tuple[str, Role, str], list[tuple[Model, Entry]]] = {}
        self._brought_by: dict[tuple[str, str, str], list[tuple[str, Spread]]] = {}
        self._ways: set[tuple[str, str]] = set()
        """(state, how it is brought) that some model knows."""
        self.specials: dict[str, list[Fault]] = {}
        """The special kinds of each general fault."""
        self.particular = {
            fault.id: fault
            for fault in catalogue.faults.values()
            if fault.names
            or fault.not_names
            or fault.serves
            or fault.unwatched
            or len(kinds_of(fault.entity)) > 1
        }
        """Faults that not every entity of their kinds can have."""
        self._telling: dict[tuple[str, str], frozenset[tuple[str, Reason]]] = {}
        self._peculiar: dict[tuple[str, str, str], Outcomes] = {}
        for fault in catalogue.faults.values():
            for general in fault.is_a:
                self.specials.setdefault(general, []).append(fault)
            for kind in kinds_of(fault.entity):
                self._add(self._model(fault.id, kind, fault))
        for (kind, state), shown in catalogue.states.items():
            self._add(self._model(state_name(state), kind, shown))

    def model(self, name: str, kind: str) -> Model | None:
        return self._models.get((name, kind))

    def place(self, signal: str, reason: Reason) -> int:
        """Where this outcome stands in the order in which the steps of the signal can fail."""
        return PASS if reason is Reason.OK else self._order[signal].get(reason, PASS - 1)

    def shown_by(self, kind: str, role: Role, signal: str) -> Iterable[tuple[Model, Entry]]:
        """The models that this look, exercising such an entity in this role, can be a symptom of."""
        return self._shown_by.get((kind, role, signal), ())

    def brought_by(self, state: str, on: str, kind: str) -> Iterable[tuple[str, Spread]]:
        """(name of the model, spread): what, on an entity of ``kind``, brings this state this way."""
        return self._brought_by.get((state, on, kind), ())

    def brings(self, state: str, on: str) -> bool:
        """Does anything bring this state this way?"""
        return (state, on) in self._ways

    def peculiar(self, special: str, general: str, kind: str) -> Outcomes:
        """What looks at an entity of ``kind`` end in by the special fault and not by the general one."""
        question = (special, general, kind)
        known = self._peculiar.get(question)
        if known is None:
            one, other = self.model(special, kind), self.model(general, kind)
            usual = {} if other is None else self._brought(other)
            told = {} if one is None or other is None else _shown(one)
            known = {look: some for look in told if (some := told[look] - usual.get(look, set()))}
            self._peculiar[question] = known
        return known

    def telling(self, model: Model) -> frozenset[tuple[str, Reason]]:
        """What the telling looks of a fault end in: by itself, or else by the states of its entity."""
        place = (model.name, model.kind)
        if place not in self._telling:
            signals = frozenset(model.fault.telling if model.fault else ())
            shown = _shown(model)
            own = {signal for signal, _ in shown}
            brought = {look: some for look, some in self._brought(model).items() if look[0] not in own}
            self._telling[place] = frozenset(
                (signal, reason)
                for (signal, _), reasons in (shown | brought).items()
                for reason in reasons
                if signal in signals or f"{signal} {reason.value}" in signals
            )
        return self._telling[place]

    def _brought(self, model: Model) -> Outcomes:
        """What looks at the fault's own entity end in, by itself and by the states that it brings there."""
        found = _shown(model)
        for spread in model.spreads:
            state = self.model(spread.state, model.kind) if spread.on is Onto.SELF else None
            for look, reasons in _shown(state).items() if state is not None else ():
                found.setdefault(look, set()).update(reasons)
        return found

    def _add(self, model: Model) -> None:
        self._models[(model.name, model.kind)] = model
        for (signal, role), entries in model.entries.items():
            for entry in entries:
                self._shown_by.setdefault((model.kind, role, signal), []).append((model, entry))
        for spread in model.spreads:
            place = (spread.state, str(spread.on), model.kind)
            self._brought_by.setdefault(place, []).append((model.name, spread))
            self._ways.add(place[:2])

    def _model(self, name: str, kind: str, shape: Fault | StateModel) -> Model:
        entries: dict[Look, tuple[Entry, ...]] = {}
        for symptom in symptoms_of(shape, kind):
            for role in _roles(symptom.on, shape):
                look = (symptom.signal, role)
                entries[look] = (*entries.get(look, ()), self._entry(symptom))
        spreads = tuple(
            Spread(state_name(effect.state), effect.on, probability(effect.strength), effect.kind)
            for effect in shape.leads_to
            if effect.on is not Onto.SELF or effect.kind in ("", kind)
        )
        fault = shape if isinstance(shape, Fault) else None
        looks: dict[str, tuple[Look, ...]] = {}
        for look in entries:
            looks[look[0]] = (*looks.get(look[0], ()), look)
        prior = nats(probability(fault.prior)) if fault else 0
        return Model(name, kind, prior, entries, looks, spreads, fault, {})

    def _entry(self, symptom: Symptom) -> Entry:
        strength = probability(symptom.strength)
        first = min(self.place(symptom.signal, reason) for reason in symptom.reason)
        return Entry(frozenset(symptom.reason), first, strength, nats(1.0 - strength), symptom.only_some)


def _roles(role: Role, shape: Fault | StateModel) -> tuple[Role, ...]:
    """What is on the way is so too where a way leads around it, unless that way is then taken."""
    around = isinstance(shape, Fault) and shape.routed_around
    return (role, Role.AVOIDABLE) if role is Role.PATH and not around else (role,)


def _shown(model: Model) -> Outcomes:
    return {look: {each for entry in some for each in entry.reasons} for look, some in model.entries.items()}


def places(signal: Signal) -> dict[Reason, int]:
    return {reason: place for place, reason in enumerate(signal.outcomes)}
