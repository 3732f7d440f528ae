"""Finds the phrases of a table in a line that is cut into words.

In a phrase ``a|b`` is one word of several, ``a_b`` in it two words as one of them, ``word?`` may be missing,
``*`` is any word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Generic, TypeVar

from rules.reading.words import same_digits

ANY = "*"
T = TypeVar("T")
Slots = tuple[str, ...]
"""One word each, or ``|a|b|`` for one of several."""


class Phrases(Generic[T]):
    """What each phrase stands for."""

    def __init__(self, entries: Iterable[tuple[str, T]] = ()) -> None:
        by_first: dict[str, list[tuple[Slots, T]]] = {}
        for phrase, value in entries:
            for slots in spellings(phrase):
                entry = (slots[1:], value)
                for first in choices(slots[0]):
                    by_first.setdefault(first, []).append(entry)
        self._by_first = {
            first: tuple(sorted(found, key=lambda one: -len(one[0]))) for first, found in by_first.items()
        }

    def at(self, words: Sequence[str], place: int) -> Iterator[tuple[int, T]]:
        """The phrases that begin at a place, the longest first, and where each ends."""
        for rest, value in self._by_first.get(words[place], ()):
            end = place + 1 + len(rest)
            if end <= len(words) and all(map(_fits, rest, words[place + 1 : end])):
                yield end, value

    def all(self, words: Sequence[str]) -> Iterator[T]:
        for place in range(len(words)):
            for _, value in self.at(words, place):
                yield value


def spellings(phrase: str) -> Iterator[Slots]:
    """With and without the words that may be missing, and with each choice that is several words."""
    yield from (
        tuple(same_digits(word) for words in chosen for word in words)
        for chosen in product(*(_ways(word) for word in phrase.split()))
    )


def choices(slot: str) -> list[str]:
    return slot.strip("|").split("|")


def _ways(word: str) -> list[Slots]:
    said = word.removesuffix("?").split("|")
    single = [choice for choice in said if "_" not in choice]
    ways: list[Slots] = [tuple(choice.split("_")) for choice in said if "_" in choice]
    if single:
        ways.append((single[0] if len(single) == 1 else f"|{'|'.join(single)}|",))
    return [*ways, ()] if word.endswith("?") else ways


def _fits(slot: str, word: str) -> bool:
    return f"|{word}|" in slot if slot[0] == "|" else slot in (word, ANY)
