"""Reads the small regular-expression language of signatures: specificity and shortest form.

The language is what hyperscan and RE2 both understand, on bytes: literals, escapes, classes, groups,
alternatives, repeats, anchors. No look-around, no back-references.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache

TELLING = 7
"""Literal characters that are rare enough together to start a search from."""
FEW = 6
"""Literal characters that are not."""

ASSERTIONS = ("^", "$", r"\b", r"\B", r"\A", r"\z")


class BadPattern(ValueError):
    """A pattern outside the language; the text says where."""


@dataclass(frozen=True)
class Item:
    """One atom and how often it may stand there. ``text`` is the atom unless it is a group."""

    text: str
    least: int = 1
    repeat: str = ""
    opening: str = ""
    """``(?:``, ``(?P<name>``, ``(?i:`` or ``(`` where the atom is a group."""
    choices: tuple[tuple[Item, ...], ...] = ()

    @property
    def name(self) -> str:
        """Of a named group."""
        return self.opening[4:-1] if self.opening.startswith("(?P<") else ""

    def write(self, capture: Container[str] = (), *, in_line: bool = False) -> str:
        """``in_line``: classes do not take the end of a line, as a text of many lines needs it."""
        if not self.opening:
            return (_in_line(self.text) if in_line else self.text) + self.repeat
        kept = ":" in self.opening or (self.name and self.name in capture)
        opening = self.opening if kept else "(?:"
        inner = "|".join(_write(choice, capture, in_line=in_line) for choice in self.choices)
        return f"{opening}{inner}){self.repeat}"

    @property
    def vague(self) -> bool:
        """Whether it may run on for any length."""
        return (
            self.repeat.startswith(("*", "+"))
            or "," in self.repeat
            or any(item.vague for choice in self.choices for item in choice)
        )

    @property
    def minds_digits(self) -> bool:
        """Whether an atom of it takes one digit and not another."""
        inner = (item for choice in self.choices for item in choice)
        return (not self.opening and self.text not in ASSERTIONS and _minds_digits(self.text)) or any(
            item.minds_digits for item in inner
        )

    def weight(self) -> int:
        """Literal characters that every match of this item holds."""
        if self.opening:
            return self.least * min(_weight(choice) for choice in self.choices)
        literal = (len(self.text) == 1 and self.text != ".") or (
            len(self.text) == 2 and self.text[0] == "\\" and not self.text[1].isalnum()
        )
        return self.least if literal and self.text not in ASSERTIONS else 0


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def choices(self) -> tuple[tuple[Item, ...], ...]:
        found = [tuple(self._items())]
        while self._take("|"):
            found.append(tuple(self._items()))
        return tuple(found)

    def _items(self) -> Iterator[Item]:
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if self._take("("):
                opening = self._opening()
                inner = self.choices()
                if not self._take(")"):
                    raise BadPattern(f"group not closed at {self.at}: {self.pattern}")
                yield Item("", *self._repeat(), opening, inner)
            else:
                yield Item(self._atom(), *self._repeat())

    def _take(self, text: str) -> bool:
        if self.pattern.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def _opening(self) -> str:
        if not self._take("?"):
            return "("
        end = self.pattern.find(">" if self._take("P<") else ":", self.at)
        start = self.pattern.rfind("(", 0, self.at)
        opening = self.pattern[start : end + 1]
        if end < 0 or not (opening.startswith("(?P<") or opening in {"(?:", "(?i:"}):
            raise BadPattern(f"group of an unknown kind at {start}: {self.pattern}")
        self.at = end + 1
        return opening

    def _atom(self) -> str:
        start = self.at
        if self._take("\\"):
            self.at += 3 if self.pattern[self.at : self.at + 1] == "x" else 1
        elif self._take("["):
            self.at += self.pattern.startswith("^", self.at)
            self.at += self.pattern.startswith("]", self.at)
            while self.at < len(self.pattern) and self.pattern[self.at] != "]":
                self.at += 2 if self.pattern[self.at] == "\\" else 1
            self.at += 1
        else:
            self.at += 1
        if self.at > len(self.pattern) or self.pattern[start] in "*+?":
            raise BadPattern(f"not understood at {start}: {self.pattern}")
        return self.pattern[start : self.at]

    def _repeat(self) -> tuple[int, str]:
        start = self.at
        least = 1
        if self._take("*") or self._take("?"):
            least = 0
        elif self._take("+"):
            pass
        elif self._take("{"):
            end = self.pattern.find("}", self.at)
            low = self.pattern[self.at : end].partition(",")[0]
            if end < 0 or not low.isdigit():
                raise BadPattern(f"repeat not understood at {start}: {self.pattern}")
            self.at, least = end + 1, int(low)
        else:
            return 1, ""
        self._take("?")
        return least, self.pattern[start : self.at]


@cache
def _minds_digits(atom: str) -> bool:
    one = re.compile(atom)
    return len({one.fullmatch(digit) is not None for digit in "0123456789"}) > 1


@dataclass(frozen=True)
class Pattern:
    flags: str
    choices: tuple[tuple[Item, ...], ...]

    def weight(self) -> int:
        """Literal characters that every match holds: the heavier of two patterns is the more specific."""
        return min(_weight(choice) for choice in self.choices)

    def capturing(self, names: Container[str] = ()) -> str:
        """The same pattern with no other groups than these."""
        return self.flags + "|".join(_write(choice, names) for choice in self.choices)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of its groups, in their order."""
        return tuple(name for choice in self.choices for item in choice for name in _names(item))

    @property
    def minds_digits(self) -> bool:
        """Whether it tells one digit from another. Else lines that differ in digits alone match alike."""
        return any(item.minds_digits for choice in self.choices for item in choice)

    def shortest(self) -> str:
        """Matches in exactly the same lines, with nothing optional at either end: fewer matches to report.

        In a text of many lines no match reaches over the end of a line.
        """
        return self.flags + "|".join(_write(_trim(choice), in_line=True) for choice in self.choices)

    def hint(self) -> str:
        """Matches in all of these lines and maybe in more: what stands before the telling text is left out.

        A search for many patterns at once starts from such text; a beginning that fits anywhere costs much.
        """
        return self.flags + "|".join(_write(_trim(_telling(choice)), in_line=True) for choice in self.choices)


def read_pattern(pattern: str) -> Pattern:
    """Raises BadPattern for what is outside the language, or matches the empty line."""
    flags = "(?i)" if pattern.startswith("(?i)") else ""
    reader = _Reader(pattern)
    reader.at = len(flags)
    choices = reader.choices()
    if reader.at != len(pattern):
        raise BadPattern(f"closing bracket without a group at {reader.at}: {pattern}")
    found = Pattern(flags, choices)
    if found.weight() < 1:
        raise BadPattern(f"holds no literal text: {pattern}")
    return found


def _write(items: tuple[Item, ...], capture: Container[str] = (), *, in_line: bool = False) -> str:
    return "".join(item.write(capture, in_line=in_line) for item in items)


def _in_line(atom: str) -> str:
    """The same class of bytes without the end of a line, as RE2 reads it in a single line."""
    if atom.startswith("[^"):
        return r"[^\n" + atom[2:]
    if atom.startswith("["):
        return atom.replace(r"\s", r" \t\r\f")
    return {r"\s": r"[ \t\r\f]", r"\D": r"[^\d\n]", r"\W": r"[^\w\n]"}.get(atom, atom)


def _telling(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Without a beginning that says little and fits anywhere, if enough is left."""
    if _begins_vaguely(items):
        for cut in range(len(items) - 1, 0, -1):
            tail = items[cut:]
            if items[cut - 1].vague and _weight(tail) >= TELLING and not _begins_vaguely(tail):
                return tail
    return items


def _begins_vaguely(items: tuple[Item, ...]) -> bool:
    weight = 0
    for item in items:
        weight += item.weight()
        if weight >= FEW:
            return False
        if item.vague:
            return True
    return False


def _weight(items: tuple[Item, ...]) -> int:
    return sum(item.weight() for item in items)


def _names(item: Item) -> Iterator[str]:
    if item.name:
        yield item.name
    for choice in item.choices:
        for inner in choice:
            yield from _names(inner)


def _trim(items: tuple[Item, ...]) -> tuple[Item, ...]:
    left = _trim_end(items[::-1], at_end=False)[::-1]
    return _trim_end(left, at_end=True)


def _trim_end(items: tuple[Item, ...], *, at_end: bool) -> tuple[Item, ...]:
    """Drop what may be missing at the end and cut its repeats to the least, as far as this stays exact."""
    while items and items[-1].least == 0:
        items = items[:-1]
    if not items or items[-1].text in ASSERTIONS:
        return items
    last = items[-1]
    repeat = "" if last.least == 1 else f"{{{last.least}}}"
    if not last.opening or last.least > 1:
        return (*items[:-1], Item(last.text, last.least, repeat, last.opening, last.choices))
    choices = tuple(_trim_side(choice, at_end=at_end) for choice in last.choices)
    if not all(choices):
        return _trim_end(items[:-1], at_end=at_end)
    return (*items[:-1], Item("", 1, "", last.opening, choices))


def _trim_side(choice: tuple[Item, ...], *, at_end: bool) -> tuple[Item, ...]:
    return _trim_end(choice, at_end=True) if at_end else _trim_end(choice[::-1], at_end=False)[::-1]
