"""Cuts a log line into words, in the way in which the phrases of the tables are cut."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rules.reading.unsaid import GIVEN, UNSAID

ZERO, NUMBER, PLACE, EMPTY = "0", "#", "@", "none"
"""A number is one of two words; one in brackets, which tells a process or a place, a third; an empty value a
fourth."""
NEGATIVE = "negative"
"""Said at the end of a line in which a number is given as the kernel gives errors."""
THROWN = "exception"
"""Said behind the name of a class of errors: ``KeyError``."""
LONGEST = 1024
"""Characters of a line that are read."""

_NOTHING = re.compile(r"([=:] ?)(?:\"\"|''|<>|<nil>|\(null\)|\[\](?!\[)|\{\})")
_WORD = re.compile(
    r"(#?\d[xX][0-9a-fA-F]+|#\d+|\d+(?:[.:,]\d+)*(?![A-Za-z])[:\])]?)|([A-Za-z][A-Za-z0-9]*(?:'[a-z]+)?)|(\d+[A-Za-z]\w*)"
)
_COUNTED = re.compile(
    r"((?i:fail(?:ed|ures?)?|err(?:or)?s?|lost|dropped|drops|missed|bad|dead|invalid|rejected|aborted|timeouts?))"
    r"((?: (?!count|rate|code|number|level|limit|status)[A-Za-z]+){1,3}) *[:=] *(\d+)(?![\w.:/%-])"
)
"""``Failed Devices : 0``: a complaint, up to three words of what is counted, and how many."""
_NEGATIVE = re.compile(r"[:=(]\s?-\d{1,3}(?![\w.:-])")
"""As drivers write the number of an error: ``: -16``, ``rc=-11``, ``(-110)``."""
_NOUGHT = re.compile(r"0(?:\.0+|x0+)?")
_SAME_DIGITS = str.maketrans("123456789", "000000000")
_THROWN = re.compile(r"[a-z](?:Error|Errno)$")
_PART = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z0-9']+|\d+")


def words(text: str) -> list[str]:
    """In lower case; ``SocketTimeout`` is two, numbers are ``0`` or ``#``, paths and hosts are left out."""
    found: list[str] = []
    said = _COUNTED.sub(r"\1 \3\2 ", UNSAID.sub(" _ ", GIVEN.sub(r"\1 _ ", text)))
    for number, word, mixed in _WORD.findall(_NOTHING.sub(r"\1none ", said)):
        if word:
            found += map(same_digits, _parts(word))
        elif mixed:
            found.append(same_digits(mixed.lower()))
        else:
            # What has a colon behind it, or a hash before it, is a place or a name, and no count.
            found.append(
                PLACE
                if number[-1] == "]" or number[0] == "#"
                else ZERO
                if _NOUGHT.fullmatch(number.rstrip(")"))
                else NUMBER
            )
    if _NEGATIVE.search(text):
        found.append(NEGATIVE)
    return found


def same_digits(word: str) -> str:
    """``ext3`` and ``ext4`` are one word, as lines that differ in digits alone are read once."""
    return word.translate(_SAME_DIGITS)


def _parts(word: str) -> Iterator[str]:
    if word.islower() or word.isupper() or any(letter.isdigit() for letter in word):
        yield word.lower()
        return
    for part in _PART.findall(word):
        yield part.lower()
    if _THROWN.search(word):
        yield THROWN
