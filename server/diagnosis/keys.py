"""What the symptoms of a diagnosis come to: every stage of a turn asks for it, and a storm has very many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from rules.diagnosis import Key

REMEMBERED = 8
"""A diagnosis and the watch list of its ticket, for a few of them."""
Keys = tuple[Key, ...]
T = TypeVar("T")


class _Known(Generic[T]):
    """Made once for each tuple, which is known by its identity: comparing costs as much as making."""

    def __init__(self, make: Callable[[Keys], T]) -> None:
        self._make = make
        self._known: dict[int, tuple[Keys, T]] = {}

    def __call__(self, keys: Keys) -> T:
        known = self._known.get(id(keys))
        if known is not None and known[0] is keys:
            return known[1]
        while len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        made = self._make(keys)
        self._known[id(keys)] = (keys, made)
        return made


def _by_observer(keys: Keys) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for observer, signal, _ in keys:
        found.setdefault(observer, set()).add(signal)
    return found


keys_of: Callable[[Keys], frozenset[Key]] = _Known(frozenset)
signals_of: Callable[[Keys], Mapping[str, set[str]]] = _Known(_by_observer)
"""Observer → the signals that it saw."""
_shared: dict[tuple[int, int], tuple[Keys, Keys, int]] = {}


def shared(one: Keys, other: Keys) -> int:
    """How many are in both. Counted once for the same two, which most turns find unchanged."""
    place = (id(one), id(other))
    known = _shared.get(place)
    if known is not None and known[0] is one and known[1] is other:
        return known[2]
    while len(_shared) >= REMEMBERED:
        del _shared[next(iter(_shared))]
    count = len(keys_of(one) & keys_of(other))
    _shared[place] = (one, other, count)
    return count
