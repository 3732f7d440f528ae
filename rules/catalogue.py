"""Reads the knowledge files into one checked catalogue; a bad file stops the start with its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from rules.models import Fault, Signal, State, StateModel, Symptom, kinds_of

T = TypeVar("T")
HERE = Path(__file__).parent


class BadRule(ValueError):
    """A knowledge file that cannot be used; the text names file and fault."""


class _SignalFile(msgspec.Struct, forbid_unknown_fields=True):
    signal: list[Signal]


class _StateFile(msgspec.Struct, forbid_unknown_fields=True):
    state: list[StateModel]


class Catalogue(msgspec.Struct, frozen=True):
    """All that is known, by name."""

    signals: dict[str, Signal]
    faults: dict[str, Fault]
    states: dict[tuple[str, State], StateModel]


def load_catalogue(root: Path = HERE) -> Catalogue:
    """Raises BadRule for a file that does not parse, a name given twice, or a signal nobody declares."""
    signals: dict[str, Signal] = {}
    for path, content in _read(root / "signals"):
        for signal in _parse(path, content, _SignalFile).signal:
            _once(path, signal.name, signals)
            signals[signal.name] = signal
    faults: dict[str, Fault] = {}
    for path, content in _read(root / "faults"):
        fault = _parse(path, content, Fault)
        _once(path, fault.id, faults)
        if path.stem != fault.id.replace(".", "_"):
            raise BadRule(f"{path.name}: the file of {fault.id} is named {fault.id.replace('.', '_')}.toml")
        faults[fault.id] = msgspec.structs.replace(fault, symptoms=_spread(fault.symptoms, signals))
    states: dict[tuple[str, State], StateModel] = {}
    for path, content in _read(root / "states"):
        for state in _parse(path, content, _StateFile).state:
            for kind in kinds_of(state.entity):
                if (kind, state.state) in states:
                    raise BadRule(f"{path.name}: {kind} {state.state} is described twice")
                states[(kind, state.state)] = msgspec.structs.replace(
                    state, symptoms=_spread(state.symptoms, signals)
                )
    _check_names(signals, faults.values(), states.values())
    return Catalogue(signals=signals, faults=faults, states=states)


def _spread(symptoms: tuple[Symptom, ...], signals: Mapping[str, Signal]) -> tuple[Symptom, ...]:
    """With those of the signals that begin like one of these; what is said of one by itself stands."""
    said = {(one.signal, one.on, reason) for one in symptoms for reason in one.reason}
    more: list[Symptom] = []
    for symptom in symptoms:
        for signal in signals.values():
            if signal.begins_like != symptom.signal:
                continue
            shared = [each for each in symptom.reason if each in signal.outcomes]
            fresh = tuple(each for each in shared if (signal.name, symptom.on, each) not in said)
            if fresh:
                more.append(msgspec.structs.replace(symptom, signal=signal.name, reason=fresh))
    return (*symptoms, *more)


def _read(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.glob("*.toml")):
        yield path, path.read_bytes()


def _parse(path: Path, content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.toml.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise BadRule(f"{path.name}: {error}") from None


def _once(path: Path, name: str, seen: Mapping[str, object]) -> None:
    if name in seen:
        raise BadRule(f"{path.name}: {name} is declared twice")


def _check_names(signals: dict[str, Signal], faults: Iterable[Fault], states: Iterable[StateModel]) -> None:
    known = set(signals)
    for signal in signals.values():
        if signal.begins_like and signal.begins_like not in known:
            raise BadRule(f"{signal.name}: begins like {signal.begins_like}, which nobody declares")
    for fault in faults:
        used = [symptom.signal for symptom in (*fault.symptoms, *fault.excluded_by, *fault.attested_by)]
        used += [test.check for test in fault.confirm]
        for name in used:
            if name not in known:
                raise BadRule(f"{fault.id}: no signal is called {name}")
        for symptom in fault.symptoms:
            _check_outcomes(fault.id, symptom.signal, symptom.reason, signals)
    for state in states:
        for symptom in state.symptoms:
            if symptom.signal not in known:
                raise BadRule(f"{state.entity} {state.state}: no signal is called {symptom.signal}")
            _check_outcomes(f"{state.entity} {state.state}", symptom.signal, symptom.reason, signals)


def _check_outcomes(who: str, name: str, reasons: Iterable[object], signals: dict[str, Signal]) -> None:
    for reason in reasons:
        if reason not in signals[name].outcomes:
            raise BadRule(f"{who}: {name} never ends in {reason}")
