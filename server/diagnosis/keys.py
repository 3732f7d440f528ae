"""The symptoms of a diagnosis as a set: every stage of a turn asks for it, and a storm has very many."""

from __future__ import annotations

from rules.diagnosis import Key

REMEMBERED = 8
"""A diagnosis and the watch list of its ticket, for a few of them."""
Keys = tuple[Key, ...]
_known: dict[int, tuple[Keys, frozenset[Key]]] = {}
_shared: dict[tuple[int, int], tuple[Keys, Keys, int]] = {}


def keys_of(keys: Keys) -> frozenset[Key]:
    """Made once for each tuple, which is known by its identity: comparing costs as much as making."""
    known = _known.get(id(keys))
    if known is not None and known[0] is keys:
        return known[1]
    while len(_known) >= REMEMBERED:
        del _known[next(iter(_known))]
    made = frozenset(keys)
    _known[id(keys)] = (keys, made)
    return made


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
