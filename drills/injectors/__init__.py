"""Harms that are really done to the lab, one class each; a new one is a class in a module here."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module

import msgspec

from drills.injectors.injector import Harm, Injector


def known() -> dict[str, type[Harm]]:
    """Every injector by the name that drill files use."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return {str(kind.__struct_config__.tag): kind for kind in _below(Harm) if kind is not Injector}


def _below(kind: type[Harm]) -> Iterator[type[Harm]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def read_all(tables: Iterable[dict[str, object]], field: str) -> list[Harm]:
    """Raises msgspec.ValidationError, naming the field, for a table that is no injection."""
    kinds = known()
    return [_read(table, kinds, f"$.{field}[{number}]") for number, table in enumerate(tables)]


def _read(table: dict[str, object], kinds: dict[str, type[Harm]], place: str) -> Harm:
    name = table.get("do")
    if name not in kinds:
        raise msgspec.ValidationError(f"{name!r} is none of {', '.join(sorted(kinds))} - at `{place}.do`")
    try:
        return msgspec.convert(table, type=kinds[str(name)])
    except msgspec.ValidationError as error:
        what, at, field = str(error).partition(" - at `$")
        raise msgspec.ValidationError(f"{what} - at `{place}{field if at else '`'}") from None
