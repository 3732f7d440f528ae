"""Reads one line as an engineer reads one that he has never seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rules.reading.level import Levels
from rules.reading.lexicon import ENOUGH, Form, Lexicon
from rules.reading.phrases import Phrases
from rules.reading.speakers import NAMELESS, Speakers, speaker_in, unnumbered
from rules.reading.words import LONGEST, NUMBER, ZERO, words


class Said(msgspec.Struct, frozen=True, gc=False):
    """What a line says."""

    form: int
    """Number of the form; -1: it does not complain."""
    minds_numbers: bool
    """Whether another number in its place could say something else."""


class Reader:
    """One lexicon, made ready for reading. Not one line of it is remembered."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.forms: Sequence[Form] = lexicon.forms
        self._levels = Levels(lexicon.levels)
        self._speakers = Speakers(lexicon.voices)
        self._says = Phrases(
            (phrase, (entry.weight, entry.first)) for entry in lexicon.words for phrase in entry.phrases
        )
        self._topics = Phrases(
            (phrase, (number, part))
            for number, form in enumerate(lexicon.forms)
            for part, phrases in enumerate((form.about, form.also))
            for phrase in phrases
        )

    def read(self, line: bytes) -> Said:
        text = line[:LONGEST].decode("latin-1")
        program = speaker_in(line, text)
        spoken = words(text[program[1] if program else 0 :])
        weight, minds_numbers = self._weigh(text, spoken)
        voices = self._speakers.of(text, program, spoken)
        if weight and self._speakers.drives(voices):
            weight += 1
        return Said(self._form(voices, spoken) if weight >= ENOUGH else -1, minds_numbers)

    def _weigh(self, text: str, spoken: Sequence[str]) -> tuple[int, bool]:
        level = self._levels.weight(text) or 0
        worst = eased = 0
        minds_numbers = False
        for weight, said in self._phrases(spoken):
            minds_numbers = minds_numbers or ZERO in said or NUMBER in said
            worst = max(worst, weight)
            eased += min(0, weight)
        if not worst and level < ENOUGH:
            return 0, minds_numbers
        return max(0, worst + level + eased), minds_numbers

    def _phrases(self, spoken: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """From the left, the longest first, none within another; each with a word on both sides."""
        place = 0
        while place < len(spoken):
            for end, (weight, first) in self._says.at(spoken, place):
                if not first or all(word in NAMELESS for word in spoken[:place]):
                    yield weight, spoken[max(0, place - 1) : end + 1]
                    place = end
                    break
            else:
                place += 1

    def _form(self, voices: set[str], spoken: Sequence[str]) -> int:
        topics = {*self._topics.all(spoken), *self._topics.all(unnumbered(spoken))}
        for number, form in enumerate(self.forms):
            if form.voices and not voices.intersection(form.voices):
                continue
            if form.about and (number, 0) not in topics:
                continue
            if form.also and (number, 1) not in topics:
                continue
            return number
        return -1
