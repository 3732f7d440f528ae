"""The tables by which a line is read: who speaks, words of complaint and of ease, what comes of both."""

from __future__ import annotations

from pathlib import Path

import msgspec

from rules.catalogue import HERE, BadRule
from rules.matching.signatures import Breadth, Meaning

Phrases = tuple[str, ...]
KERNEL = "kernel"
"""The voice in whose log the drivers speak."""


ENOUGH = 6
"""The weight from which on a line complains."""
DOUBT = 4
"""The weight from which on a word makes another such word in its line worse by one."""


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a program ranks its own line."""

    weight: int
    names: Phrases


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases that say the same of how things are.

    Above zero they complain, at zero they only seem to, below zero they say that all is well.
    """

    weight: int
    phrases: Phrases
    first: bool = False
    """Only at the beginning of what is said."""


class Voice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Drivers and programs of one kind."""

    id: str
    names: Phrases
    kernel: bool = False
    """They speak in the log of the kernel."""
    shape: str = ""
    """A pattern by which their lines are known."""


class Form(Meaning, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a complaint means that one of ``voices`` makes ``about`` something; the first that fits counts."""

    breadth: Breadth = Breadth.ANY
    voices: tuple[str, ...] = ()
    """Whoever speaks, where none is named."""
    about: Phrases = ()
    """Whatever it is about, where nothing is named."""
    also: Phrases = ()
    """Beside one of ``about`` one of these."""
    enough: int = ENOUGH
    """What its complaint must weigh. A lighter one comes to nothing, whatever form would be next."""

    @property
    def by_form(self) -> bool:
        return True


class _File(msgspec.Struct, forbid_unknown_fields=True):
    level: list[Level] = []
    words: list[Words] = []
    voice: list[Voice] = []
    form: list[Form] = []


class Lexicon(msgspec.Struct, frozen=True):
    levels: tuple[Level, ...]
    words: tuple[Words, ...]
    voices: tuple[Voice, ...]
    forms: tuple[Form, ...]


def load_lexicon(folder: Path = HERE / "forms") -> Lexicon:
    """All tables, in the order of the files' names. Raises BadRule for one that cannot be used."""
    files = [_read(path) for path in sorted(folder.glob("*.toml"))]
    lexicon = Lexicon(
        tuple(one for file in files for one in file.level),
        tuple(one for file in files for one in file.words),
        tuple(one for file in files for one in file.voice),
        tuple(one for file in files for one in file.form),
    )
    known = {voice.id for voice in lexicon.voices}
    for form in lexicon.forms:
        if strange := set(form.voices) - known:
            raise BadRule(f"{form.id}: no voice is called {', '.join(sorted(strange))}")
    return lexicon


def _read(path: Path) -> _File:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_File)
    except msgspec.DecodeError as error:
        raise BadRule(f"{path.name}: {error}") from None
