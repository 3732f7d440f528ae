"""Harms that are really done to the lab, one class each; a new one is a class in a module here."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import msgspec

from drills.injectors.injector import Injector


def known() -> dict[str, type[Injector]]:
    """Every injector by the name that drill files use."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return {str(kind.__struct_config__.tag): kind for kind in Injector.__subclasses__()}


def read(table: dict[str, object]) -> Injector:
    """Raises msgspec.ValidationError, naming the field, for a table that is no injection."""
    kinds = known()
    name = table.get("do")
    if name not in kinds:
        raise msgspec.ValidationError(f"`do` is {name!r}, and none of {', '.join(sorted(kinds))}")
    return msgspec.convert(table, type=kinds[str(name)])
