"""What kind of line this is: its words without numbers, ids, addresses, paths and quoted values.

Two lines of six words or more are of one kind also where one word differs, such as a user or a table: of
every second word, counted from the first or from the second, one set is then the same. Two different words
beside each other are in both sets, so that ``could not open file`` and ``could not reach database`` are two
kinds.
"""

from __future__ import annotations

import re
from hashlib import blake2b

import re2

from rules.matching.plan import SAME_DIGITS

LONGEST = 512
"""Bytes of a line that are looked at."""
MOST_WORDS = 24
FEWEST = 3
"""With fewer words a line has no shape that tells anything."""
HALVED = 6
"""Words from which on one may differ."""

Shape = tuple[int, ...]
"""Hashes of 64 bits; lines that share one are of one kind."""

LOUD = re2.compile(
    r"(?i)\b(?:warn(?:ing)?|err(?:or|no)?|fail(?:s|ed|ing|ure)?|fatal|crit(?:ical)?|alert"
    r"|emerg(?:ency)?|panic(?:ked)?"
    r"|severe|exception|traceback|abort(?:ed|ing)?|crash(?:ed)?|corrupt(?:ed|ion)?|cannot|can't"
    r"|unable|could not"
    r"|denied|refused|rejected|unreachable|unavailable|expired|exceeded|exhausted|overflow|deadlock"
    r"|time(?:d[ -]?)?out|lost|broken|invalid|killed|stuck|hung)\b"
    r"|错误|失败|警告|异常|无法|拒绝|超时"
)
"""Words of lines that may tell of trouble."""

_QUOTED = re.compile(rb"\"[^\"]*\"|(?<![\w'])'[^']*'")
SENTENCE = 3
"""Words in quotes that are no value, as in a line of JSON."""
_WORD = re.compile(
    rb"(?<![\w./@\\=$%\x80-\xff-])[A-Za-z\x80-\xff](?:[A-Za-z_.\x80-\xff-]*[A-Za-z\x80-\xff])?(?![\w/@\\\x80-\xff-])"
)
_OF_DATES = frozenset(
    b"jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun utc gmt t z".split()
)


def shape_of(line: bytes, writer: str = "") -> Shape:
    """Empty where too few words are left. ``writer``: who wrote it, as far as somebody knows."""
    text = _QUOTED.sub(_unquoted, line[:LONGEST])
    words = [word for word in _WORD.findall(text.lower()) if word not in _OF_DATES][:MOST_WORDS]
    if len(words) < FEWEST:
        return ()
    salt = writer.encode("utf-8", "replace").translate(SAME_DIGITS)
    if len(words) < HALVED:
        return (_hash(salt, len(words), 2, words),)
    return tuple(_hash(salt, len(words), half, words[half::2]) for half in (0, 1))


def _unquoted(found: re.Match[bytes]) -> bytes:
    text = found[0][1:-1]
    return b" " + text + b" " if len(text.split()) >= SENTENCE else b" "


def _hash(salt: bytes, count: int, half: int, words: list[bytes]) -> int:
    text = b"\n".join((salt, b"%d %d" % (count, half), *words))
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")
