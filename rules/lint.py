"""Checks faults and states beyond their shape: can each be named, told apart, and read by people?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from rules.catalogue import Catalogue
from rules.inference.outcomes import CONFIRMED
from rules.models import (
    ADVICE,
    UNMODELLED,
    Effect,
    Fault,
    Onto,
    Role,
    StateModel,
    Symptom,
    kinds_of,
    probability,
    symptoms_of,
)
from wire.judgement import Reason

Shown = frozenset[tuple[str, Role, Reason]]


def lint_catalogue(catalogue: Catalogue) -> Iterator[str]:
    """One sentence per problem, in order of the faults' ids."""
    for _, fault in sorted(catalogue.faults.items()):
        yield from _texts(fault)
        yield from _names(fault, catalogue)
        yield from _effects(fault.id, kinds_of(fault.entity), fault.leads_to, catalogue)
        yield from _can_be_named(fault, catalogue)
    for (kind, state), model in sorted(catalogue.states.items()):
        yield from _effects(f"{kind} {state}", (kind,), model.leads_to, catalogue)
    yield from inseparable(catalogue)


def inseparable(catalogue: Catalogue) -> Iterator[str]:
    """Pairs of faults on one kind of entity that show the same by the same outcomes.

    A special kind that is bound to certain entities is told from its general kind by these.
    """
    by_kind: dict[str, list[Fault]] = {}
    for _, fault in sorted(catalogue.faults.items()):
        for kind in kinds_of(fault.entity):
            by_kind.setdefault(kind, []).append(fault)
    for kind, faults in sorted(by_kind.items()):
        shown = {fault.id: _shown(fault, kind, catalogue) for fault in faults}
        for one, other in combinations(faults, 2):
            if shown[one.id] == shown[other.id] and not (_bound(one, other) or _bound(other, one)):
                yield f"{one.id} and {other.id}: no signal on a {kind} can separate them"


def _texts(fault: Fault) -> Iterator[str]:
    for language, parts in ADVICE.items():
        text = fault.text.get(language)  # type: ignore[call-overload]
        if text is None:
            yield f"{fault.id}: no text in {language}"
            continue
        for field in ("title", "summary", "advice"):
            if not getattr(text, field).strip():
                yield f"{fault.id}: no {field} in {language}"
        lines = text.advice.strip().splitlines()
        for part in parts:
            if not any(line.startswith(part) for line in lines):
                yield f"{fault.id}: advice in {language} has no line {part.strip()!r}"


def _names(fault: Fault, catalogue: Catalogue) -> Iterator[str]:
    for general in fault.is_a:
        if general not in catalogue.faults:
            yield f"{fault.id}: is_a names {general}, which nobody describes"
    for cause in fault.aftermath_of:
        if cause not in catalogue.faults:
            yield f"{fault.id}: aftermath_of names {cause}, which nobody describes"
    shown = {pair for kind in kinds_of(fault.entity) for pair in _outcomes(fault, kind, catalogue)}
    for telling in fault.telling:
        signal, _, outcome = telling.partition(" ")
        if all(one != signal or outcome not in {"", reason} for one, reason in shown):
            yield f"{fault.id}: telling names {telling}, which is none of its symptoms"
    if fault.leads_to and not fault.telling and not fault.confirm and _is_only_told(fault, catalogue):
        yield f"{fault.id}: only lines tell of it, so that nothing could refute it: which are telling?"
    for symptom in fault.symptoms:
        if catalogue.signals[symptom.signal].context:
            yield f"{fault.id}: {symptom.signal} is context, and no symptom of anything"
        if unknown := set(symptom.kinds) - set(kinds_of(fault.entity)):
            yield f"{fault.id}: {symptom.signal} on a {min(unknown)}, which cannot have it"
    for field in ("excluded_by", "attested_by"):
        for symptom in getattr(fault, field):
            for reason in symptom.reason:
                if reason is not Reason.OK and reason not in catalogue.signals[symptom.signal].outcomes:
                    yield f"{fault.id}: {field} {symptom.signal} {reason}, which never happens"


def _is_only_told(fault: Fault, catalogue: Catalogue) -> bool:
    """Does it show on its own entity in nothing but lines of a log?"""
    own = [symptom.signal for symptom in fault.symptoms if symptom.on is Role.SELF]
    return bool(own) and all(catalogue.signals[signal].born_of_log for signal in own)


def _effects(
    who: str, kinds: tuple[str, ...], effects: tuple[Effect, ...], catalogue: Catalogue
) -> Iterator[str]:
    for effect in effects:
        for kind in _reached(effect, kinds):
            if (kind, effect.state) not in catalogue.states:
                yield f"{who}: leads to {effect.state} of a {kind}, which nobody describes"


def _reached(effect: Effect, kinds: tuple[str, ...]) -> tuple[str, ...]:
    if effect.on is Onto.SELF:
        return tuple(kind for kind in kinds if effect.kind in ("", kind))
    if effect.on is Onto.HOST:
        return ("host",)
    return (effect.kind,) if effect.kind else ()


def _can_be_named(fault: Fault, catalogue: Catalogue) -> Iterator[str]:
    """Prior × strength must exceed the confirmed leak of the symptom, or one look can never name the fault.

    What nobody has modelled needs two symptoms that agree.
    """
    for kind in kinds_of(fault.entity):
        ratios = sorted(_ratios(fault, kind, catalogue), reverse=True)
        needed = ratios[: 2 if fault.id.startswith(UNMODELLED) else 1]
        odds = probability(fault.prior)
        for ratio in needed:
            odds *= ratio
        if odds <= 1:
            yield f"{fault.id}: on a {kind} no symptom outweighs its leak (best odds {odds:.2g})"


def _ratios(fault: Fault, kind: str, catalogue: Catalogue) -> Iterator[float]:
    """Strength over confirmed leak of each symptom, those of the states that come with the fault included."""
    for symptom, weight in _near(fault, kind, catalogue):
        leaks = catalogue.signals[symptom.signal].outcomes
        for reason in symptom.reason:
            yield weight * probability(symptom.strength) / (leaks.get(reason, 1.0) * CONFIRMED)


def _near(fault: Fault, kind: str, catalogue: Catalogue) -> Iterator[tuple[Symptom, float]]:
    for symptom in symptoms_of(fault, kind):
        yield symptom, 1.0
    for effect in fault.leads_to:
        state = _state(effect, kind, catalogue)
        for symptom in symptoms_of(state, kind) if state else ():
            yield symptom, probability(effect.strength)


def _outcomes(fault: Fault, kind: str, catalogue: Catalogue) -> Iterator[tuple[str, Reason]]:
    """What its looks end in, those of the states that come with it included."""
    for symptom, _ in _near(fault, kind, catalogue):
        yield from ((symptom.signal, reason) for reason in symptom.reason)


def _state(effect: Effect, kind: str, catalogue: Catalogue) -> StateModel | None:
    reached = {Onto.SELF: kind, Onto.HOST: "host"}.get(effect.on)
    return catalogue.states.get((reached, effect.state)) if reached else None


def _shown(fault: Fault, kind: str, catalogue: Catalogue) -> Shown:
    return frozenset(
        (symptom.signal, symptom.on, reason)
        for symptom, _ in _near(fault, kind, catalogue)
        for reason in symptom.reason
    )


def _bound(special: Fault, general: Fault) -> bool:
    return general.id in special.is_a and bool(special.names or special.serves)
