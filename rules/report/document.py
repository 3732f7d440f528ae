"""A report as blocks, before it becomes Markdown or HTML. All text in it is plain and may be hostile."""

from __future__ import annotations

from typing import Literal

import msgspec


class Heading(msgspec.Struct, frozen=True, tag=True):
    text: str
    level: int = 2


class Paragraph(msgspec.Struct, frozen=True, tag=True):
    """A sentence or more, and the ids of the observations that it rests on."""

    text: str
    cites: tuple[str, ...] = ()
    tone: Literal["", "lead"] = ""


class Items(msgspec.Struct, frozen=True, tag=True):
    """A list; each item with what it rests on."""

    items: tuple[Paragraph, ...]


class Table(msgspec.Struct, frozen=True, tag=True):
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Prose(msgspec.Struct, frozen=True, tag=True):
    """Text of our own rules, already Markdown: advice with commands."""

    markdown: str


Block = Heading | Paragraph | Items | Table | Prose
