"""Reads one line as an engineer reads one that he has never seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from rules.reading.level import Levels, Rank
from rules.reading.lexicon import DOUBT, ENOUGH, Form, Lexicon
from rules.reading.phrases import Phrases
from rules.reading.speakers import NAMELESS, Speakers, speaker_in, unnumbered
from rules.reading.words import LONGEST, NUMBER, ZERO, words

ALONE = 5
"""The weight of a rank that no word explains."""
AT_BOOT = re.compile(r"\[ {3,4}\d{1,2}\.\d{6}\]")
"""The clock of the kernel in its first hundred seconds. How many digits it has tells, not the number: what
differs in digits alone still says the same."""
LESS_AT_BOOT = 2
"""What a complaint loses while drivers try what there is: much of that fails on a machine that is well."""
CUT = " 0] "
"""Stands where the rank stood and is read as a place, so that no phrase reaches over it: the nought of
``0 [ERROR] failed`` is a thread's and counts no failures."""
COUNTED = re.compile(r"(?:^|[:\]] )\s*[A-Za-z][\w ()/.#-]{2,60}[:=|] *(\d) *$")
"""A line of a table: a name, and one digit; nought says that there is none."""
DENIED = frozenset(["no", "without", "never", "not", "longer"])
"""Words before a complaint that turn it into its opposite."""
NONE = frozenset(["no", "without", "zero", ZERO])
"""Words with which a phrase begins that counts nothing."""
WANTING = frozenset(
    ["no", "not", "never", "without", "cannot", "can't", "couldn't", "isn't", "wasn't", "enough", "un"]
)
"""Words shortly before good news that turn it into its opposite."""
REMARK = -12
"""The weight of what is no news but a remark, whatever stands before it."""
REACH = 2
"""Words before it in which one of these may stand."""
PLURAL = "s"
"""What ends so is counted, and nought of it is none."""


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
        rank = self._levels.find(text)
        begin = program[1] if program else 0
        # How a line is ranked is weighed as that, and not also as a word.
        spoken = words(
            f"{text[begin : rank.first]}{CUT}{text[rank.stop :]}" if rank.stop > begin else text[begin:]
        )
        weight, minds_numbers = self._weigh(rank, spoken)
        voices = self._speakers.of(text, program, spoken)
        if weight and self._speakers.drives(voices):
            weight += 2
        if AT_BOOT.search(text):
            weight -= LESS_AT_BOOT
        if counted := COUNTED.search(text):
            weight, minds_numbers = (weight, True) if counted[1] != "0" else (0, True)
        form = self._form(voices, spoken) if weight >= ENOUGH else -1
        if form >= 0 and weight < self.forms[form].enough:
            form = -1
        return Said(form, minds_numbers or rank.numbered)

    def _weigh(self, rank: Rank, spoken: Sequence[str]) -> tuple[int, bool]:
        worst = eased = 0
        minds_numbers = none = False
        doubts: set[str] = set()
        for weight, said, around in self._phrases(spoken):
            minds_numbers = minds_numbers or ZERO in around or NUMBER in around
            worst = max(worst, weight)
            eased += min(0, weight)
            none = none or (not weight and said[0] in NONE)
            if weight >= DOUBT:
                doubts.add(said[0])
        if not worst:
            # What a program ranks as an error is one, in whatever words, but not where it counts none.
            if none or rank.lent or rank.weight < ENOUGH:
                return 0, minds_numbers
            worst = ALONE
        return max(0, worst + (len(doubts) > 1) + rank.weight + eased), minds_numbers

    def _phrases(self, spoken: Sequence[str]) -> Iterator[tuple[int, Sequence[str], Sequence[str]]]:
        """From the left, the longest first, none within another; each also with a word on both sides."""
        place = 0
        while place < len(spoken):
            for end, (weight, first) in self._says.at(spoken, place):
                if not first or all(word in NAMELESS for word in spoken[:place]):
                    yield (
                        0 if self._denied(spoken, place, end, weight) else weight,
                        spoken[place:end],
                        spoken[max(0, place - 1) : end + 1],
                    )
                    place = end
                    break
            else:
                place += 1

    @staticmethod
    def _denied(spoken: Sequence[str], place: int, end: int, weight: int) -> bool:
        """What stands before a complaint, or before good news, says that there is none."""
        if REMARK < weight < 0:
            return any(word in WANTING for word in spoken[max(0, place - REACH) : place])
        if spoken[end : end + 1] == [ZERO] and spoken[end - 1].endswith(PLURAL):
            return True
        return place > 0 and spoken[place - 1] in DENIED and spoken[place] not in DENIED

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
