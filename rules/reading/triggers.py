"""Which lines are worth reading: patterns of which every line that complains holds one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rules.reading.level import MARKED
from rules.reading.lexicon import ENOUGH, Lexicon
from rules.reading.phrases import Slots, choices, spellings
from rules.reading.words import NUMBER

TELLING = 4
"""Letters of a word that may be searched for anywhere in a line; a shorter one must stand alone."""
BETWEEN = r"[\W_]{0,3}"


def triggers(lexicon: Lexicon) -> list[str]:
    """One for each telling word, one for each phrase that holds none of them, and one for marks of levels."""
    phrases = {slots for phrase in _phrases(lexicon) for slots in spellings(phrase)}
    alone = {word for slots in phrases if len(slots) == 1 for word in choices(slots[0])}
    stems: list[str] = []
    for word in sorted(alone, key=lambda word: (len(word), word)):
        if len(word) >= TELLING and not _holds(word, stems):
            stems.append(word)
    short = sorted(word for word in alone if len(word) < TELLING)
    said = sorted(_pattern(slots) for slots in phrases if len(slots) > 1 and not _always_holds(slots, stems))
    patterns = [*map(_any_digit, stems), *(rf"\b{_any_digit(word)}\b" for word in short), *said]
    return [f"(?i){pattern}" for pattern in dict.fromkeys(patterns)] + [MARKED] * bool(patterns)


def _phrases(lexicon: Lexicon) -> Iterator[str]:
    for entry in lexicon.words:
        if entry.weight > 0:
            yield from entry.phrases
    for level in lexicon.levels:
        if level.weight >= ENOUGH:
            yield from level.names


def _holds(word: str, stems: list[str]) -> bool:
    return any(stem in word for stem in stems)


def _always_holds(slots: Slots, stems: list[str]) -> bool:
    """Some place of the phrase holds a word that is looked for, whichever of its choices is said."""
    return any(all(_holds(word, stems) for word in choices(slot)) for slot in slots)


def _pattern(slots: Slots) -> str:
    return BETWEEN.join(map(_place, slots))


def _place(slot: str) -> str:
    words = [r"(?:0x)?[1-9a-f]" if word == NUMBER else _any_digit(word) for word in choices(slot)]
    return words[0] if len(words) == 1 else f"(?:{'|'.join(words)})"


def _any_digit(word: str) -> str:
    return re.escape(word) if word.isdigit() else re.escape(word).replace("0", r"\d")
