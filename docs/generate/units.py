"""The page of units, from what each declares."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from markup import table

import collectors
import probes


def units() -> Iterator[str]:
    yield "# Units\n"
    yield "What every agent asks and reads by itself. One file each; the first line is its question."
    for package, constant in ((probes, "PROBE"), (collectors, "COLLECTOR")):
        yield f"\n## {package.__name__.capitalize()}\n"
        yield from table(
            ("unit", "what it asks", "signals", "layer", "every", "needs"),
            (unit_row(module, getattr(module, constant)) for module in modules(package, constant)),
        )


def modules(package: ModuleType, constant: str) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = import_module(found.name)
        if hasattr(module, constant):
            yield module


def unit_row(module: ModuleType, declared: object) -> tuple[str, ...]:
    signals_of = ", ".join(f"`{name}`" for name in getattr(declared, "signals", ()))
    when = "on demand" if getattr(declared, "on_demand", False) else f"{getattr(declared, 'interval', 0):g} s"
    needs = ", ".join(getattr(declared, "needs", ())) or "–"
    question = (module.__doc__ or "").strip().splitlines()[0]
    return (
        f"`{module.__name__}`",
        question,
        signals_of,
        str(getattr(declared, "layer", "")),
        when,
        needs,
    )
