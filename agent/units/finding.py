"""Finds the units: every module of probes and collectors that declares one. A bad one stops the start."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import collectors
import probes
from agent.units.capabilities import NUMBERS, name_of
from collectors.host import Host
from collectors.unit import Collector
from probes.unit import Net, Probe
from wire.judgement import Judgement, Layer

Answer = Judgement | Sequence[Judgement]
Ask = Callable[[Any, Net], Awaitable[Answer]]
AskAll = Callable[[Sequence[Any], Net], Awaitable[Sequence[Judgement]]]
Read = Callable[[Host], Iterable[Judgement]]
Follow = Callable[[Host], AsyncIterator[Judgement]]


class BadUnit(Exception):
    """A module that is no proper unit; the text names it."""


@dataclass(frozen=True, kw_only=True)
class ProbeUnit:
    """A module of probes/."""

    name: str
    question: str
    probe: Probe
    ask: Ask | None
    ask_all: AskAll | None

    @property
    def signals(self) -> tuple[str, ...]:
        return self.probe.signals

    @property
    def layer(self) -> Layer:
        return self.probe.layer


@dataclass(frozen=True, kw_only=True)
class CollectorUnit:
    """A module of collectors/."""

    name: str
    question: str
    collector: Collector
    read: Read
    follow: Follow | None

    @property
    def signals(self) -> tuple[str, ...]:
        return self.collector.signals

    @property
    def layer(self) -> Layer:
        return self.collector.layer


Unit = ProbeUnit | CollectorUnit


@dataclass(frozen=True)
class Units:
    """All units, and which one answers for a signal."""

    probes: tuple[ProbeUnit, ...]
    collectors: tuple[CollectorUnit, ...]
    by_signal: dict[str, tuple[Unit, ...]]

    def __iter__(self) -> Iterator[Unit]:
        yield from self.probes
        yield from self.collectors


def load_units(probe_package: ModuleType = probes, collector_package: ModuleType = collectors) -> Units:
    """Raises BadUnit for a module that does not import or declares badly, or a check named twice."""
    asking = [_probe(module) for module in modules(probe_package) if hasattr(module, "PROBE")]
    reading = [_collector(module) for module in modules(collector_package) if hasattr(module, "COLLECTOR")]
    return Units(probes=tuple(asking), collectors=tuple(reading), by_signal=claims([*asking, *reading]))


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """All modules of the package and of those in it, imported. Raises BadUnit.

    A package that declares ``APART`` is for a process of its own.
    """
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        try:
            module = importlib.import_module(found.name)
        except Exception as error:  # whatever a unit's import raises, the start stops naming the unit
            raise BadUnit(f"{found.name} does not import: {error}") from error
        if not found.ispkg:
            yield module
        elif not getattr(module, "APART", False):
            yield from modules(module)


def _probe(module: ModuleType) -> ProbeUnit:
    probe = module.PROBE
    if not isinstance(probe, Probe):
        raise BadUnit(f"{module.__name__}: PROBE is no probes.unit.Probe")
    _check_declaration(module, probe)
    ask, ask_all = getattr(module, "ask", None), getattr(module, "ask_all", None)
    if ask is None and ask_all is None:
        raise BadUnit(f"{module.__name__}: a probe has ask or ask_all")
    for function in filter(None, (ask, ask_all)):
        if not inspect.iscoroutinefunction(function):
            raise BadUnit(f"{module.__name__}: {function.__name__} is not async")
    return ProbeUnit(name=module.__name__, question=_question(module), probe=probe, ask=ask, ask_all=ask_all)


def _collector(module: ModuleType) -> CollectorUnit:
    collector = module.COLLECTOR
    if not isinstance(collector, Collector):
        raise BadUnit(f"{module.__name__}: COLLECTOR is no collectors.unit.Collector")
    _check_declaration(module, collector)
    if not all(isinstance(sign, str) and sign for sign in collector.where):
        raise BadUnit(f"{module.__name__}: where names paths, globs or commands")
    read, follow = getattr(module, "read", None), getattr(module, "follow", None)
    if read is None or not callable(read):
        raise BadUnit(f"{module.__name__}: a collector has read(host)")
    if follow is not None and not inspect.isasyncgenfunction(follow):
        raise BadUnit(f"{module.__name__}: follow is no async generator")
    return CollectorUnit(
        name=module.__name__, question=_question(module), collector=collector, read=read, follow=follow
    )


def _check_declaration(module: ModuleType, declared: Probe | Collector) -> None:
    signals = declared.signals
    if not signals or not all(isinstance(signal, str) and "." in signal for signal in signals):
        raise BadUnit(f"{module.__name__}: signals are dotted names, and at least one")
    if unknown := [need for need in declared.needs if name_of(need) not in NUMBERS]:
        raise BadUnit(f"{module.__name__}: needs names no capability that is known: {unknown}")
    if declared.interval < 1 or declared.timeout <= 0:
        raise BadUnit(f"{module.__name__}: interval is at least 1 s and timeout above 0")


def _question(module: ModuleType) -> str:
    lines = (module.__doc__ or "").strip().splitlines()
    if not lines and sys.flags.optimize < 2:  # -OO leaves docstrings out
        raise BadUnit(f"{module.__name__}: its first docstring line is the question it answers")
    return lines[0] if lines else ""


def claims(units: Iterable[Unit]) -> dict[str, tuple[Unit, ...]]:
    """Signal → units. The first signal names the unit as a check, so it has one unit; further signals may be
    shared by units that judge different subjects, and those of log lines by every source of lines.
    """
    claims: dict[str, tuple[Unit, ...]] = {}
    checks: dict[str, Unit] = {}
    for unit in units:
        if len(set(unit.signals)) < len(unit.signals):
            raise BadUnit(f"{unit.name} declares a signal twice")
        other = checks.setdefault(unit.signals[0], unit)
        if other is not unit and not (other.layer is unit.layer is Layer.LOG):
            raise BadUnit(f"the check {unit.signals[0]} is claimed by {other.name} and {unit.name}")
        for signal in unit.signals:
            claims[signal] = (*claims.get(signal, ()), unit)
    return claims
