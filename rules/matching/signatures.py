"""Reads the signature files: which log line means which signal on which entity."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Annotated

import msgspec

from rules.catalogue import HERE, BadRule
from rules.matching.pattern import BadPattern, read_pattern
from wire.judgement import Verdict

MAX_PATTERN = 1000
"""Characters; more is several signatures."""


class Severity(StrEnum):
    """How bad the line is by itself."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    CONTEXT = "context"
    """Trouble that is over: it speaks for a fault that something else tells of, and is no alarm."""

    @property
    def verdict(self) -> Verdict:
        return Verdict.WARN if self in (Severity.WARNING, Severity.CONTEXT) else Verdict.FAIL


class Breadth(StrEnum):
    """How many kinds of line a signature speaks for."""

    NARROW = "narrow"
    """One message of one program."""
    WIDE = "wide"
    """One kind of trouble that many programs report."""
    ANY = "any"
    """Only that something is wrong: a level, a stack trace."""


class Meaning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a line turns into.

    ``entity`` is a template: ``{host}``, ``{program}`` (who wrote the line) and the groups of the pattern.
    A digit at the end of a group's name makes it an alternative. The names say how a value is read: ``disk``
    is cut to the whole disk, ``device`` and ``path`` also give ``{mount}``, ``unit`` and ``process`` lose
    their decoration and also give ``{service}``.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    signal: Annotated[str, msgspec.Meta(pattern=r"^log\.[a-z_]+$")]
    severity: Severity
    entity: str = "host:{host}"
    fault: str | None = None
    """The fault that the line points to most directly, where it points to one."""
    breadth: Breadth = Breadth.NARROW
    """On one line the narrower signature wins."""
    aside: bool = False
    """It comes with another line that names the entity: beside that line it says nothing new."""
    dump: bool = False
    """Part of what is printed beneath complaints of every kind: aside to whatever its source has said."""
    harmless: bool = False
    """It says that trouble is over, in words that a wider signature takes for trouble: no hit."""
    samples: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    near_misses: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]

    @property
    def waits(self) -> bool:
        """It is told only where nothing comes that says more."""
        return self.aside or self.dump

    @property
    def alarm(self) -> bool:
        """The line by itself says that something is wrong."""
        return self.severity is not Severity.CONTEXT

    @property
    def by_form(self) -> bool:
        """It was only read: who speaks, how much he complains and what about."""
        return False

    @property
    def authored(self) -> bool:
        """It matters who wrote the line: it is about its author, or about a file that the author uses."""
        return "{program}" in self.entity or self.entity.startswith("file:")


class Signature(Meaning, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pattern. Of several on one line the narrowest wins, then the one with most literal text."""

    pattern: Annotated[str, msgspec.Meta(min_length=4, max_length=MAX_PATTERN)]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    signature: list[Signature]


def load_signatures(folder: Path = HERE / "signatures") -> tuple[Signature, ...]:
    """All signatures by id. Raises BadRule for a file that does not parse or an id given twice."""
    found: dict[str, Signature] = {}
    for path in sorted(folder.glob("*.toml")):
        for signature in _read(path):
            if signature.id in found:
                raise BadRule(f"{path.name}: {signature.id} is declared twice")
            found[signature.id] = signature
    return tuple(found[name] for name in sorted(found))


def fields_of(template: str) -> tuple[str, ...]:
    """``disk:{host}/{disk}`` → ``host``, ``disk``."""
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def _read(path: Path) -> list[Signature]:
    try:
        signatures = msgspec.toml.decode(path.read_bytes(), type=_File).signature
    except msgspec.DecodeError as error:
        raise BadRule(f"{path.name}: {error}") from None
    for signature in signatures:
        try:
            read_pattern(signature.pattern)
            fields_of(signature.entity)
        except (BadPattern, ValueError) as error:
            raise BadRule(f"{path.name}: {signature.id}: {error}") from None
    return signatures
