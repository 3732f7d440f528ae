"""The symptoms of a diagnosis as a set: every stage of a turn asks for it, and a storm has very many."""

from __future__ import annotations

from rules.diagnosis import Key

REMEMBERED = 8
"""A diagnosis and the watch list of its ticket, for a few of them."""
_known: dict[int, tuple[tuple[Key, ...], frozenset[Key]]] = {}


def keys_of(keys: tuple[Key, ...]) -> frozenset[Key]:
    """Made once for each tuple, which is known by its identity: comparing costs as much as making."""
    known = _known.get(id(keys))
    if known is not None and known[0] is keys:
        return known[1]
    while len(_known) >= REMEMBERED:
        del _known[next(iter(_known))]
    made = frozenset(keys)
    _known[id(keys)] = (keys, made)
    return made
