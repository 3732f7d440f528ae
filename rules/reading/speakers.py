"""Who speaks in a line: the program that its prefix names, a driver at its beginning, or its form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rules.matching.engines import Span
from rules.matching.entities import program_in
from rules.reading.lexicon import KERNEL, Voice
from rules.reading.phrases import Phrases
from rules.reading.words import NUMBER, PLACE, ZERO, words

OPENING = 5
"""Words in which the one who speaks names himself."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAMELESS = frozenset([NUMBER, PLACE, ZERO, KERNEL, *MONTHS])
"""Words before those."""
_TAIL = re.compile(r"\d.*")
_UNDATED = re.compile(r"(?:\[[ \d.T]+\](?:\[[ \w]+\])? )?([A-Za-z][\w./-]*)\[\d+\]: ")


class Speakers:
    """The voices by all their names."""

    def __init__(self, voices: Sequence[Voice]) -> None:
        self._names = Phrases((name, voice.id) for voice in voices for name in voice.names)
        self._drivers = frozenset(voice.id for voice in voices if voice.kernel)
        self._shapes = [(re.compile(voice.shape), voice.id) for voice in voices if voice.shape]

    def of(self, text: str, program: Span | None, spoken: Sequence[str]) -> set[str]:
        """``program`` is where the line names it, ``spoken`` the words behind that."""
        name = words(text[slice(*program)]) if program else []
        opening = [word for word in spoken if word not in NAMELESS][:OPENING]
        voices = {voice for shape, voice in self._shapes if shape.search(text)}
        named, spoke = self._first(name), self._first(opening)
        if KERNEL not in voices and (name or not spoke & self._drivers):
            return (voices | named | spoke) - (self._drivers - named)
        return voices | named | spoke | {KERNEL}

    def drives(self, voices: set[str]) -> bool:
        """A driver speaks in the log of the kernel."""
        return KERNEL in voices and bool(self._drivers & voices)

    def _first(self, said: Sequence[str]) -> set[str]:
        """The voices of the first name that is one, with a number behind it or without."""
        for place, word in enumerate(said):
            for name in dict.fromkeys((word, word.rstrip("0123456789"), _TAIL.sub("", word))):
                found = list(self._names.at([name, *said[place + 1 :]], 0))
                if found:
                    # `systemd resolved` is not `systemd`.
                    return {voice for end, voice in found if end == found[0][0]}
        return set()


def unnumbered(spoken: Sequence[str]) -> list[str]:
    """``nvme0`` is ``nvme``."""
    return [_TAIL.sub("", word) or word for word in spoken]


def speaker_in(line: bytes, text: str) -> Span | None:
    """Where the program is named, behind a date or at the very beginning."""
    if (dated := program_in(line)) is not None:
        return dated
    found = _UNDATED.match(text)
    return found.span(1) if found else None
