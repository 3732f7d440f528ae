"""Text for a terminal: hostile bytes made harmless, columns aligned."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence


def harmless(text: object) -> str:
    """Control and format characters, with which a log line could steer a terminal, become visible."""
    return "".join(
        character
        if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co")
        else f"\\x{ord(character):02x}"
        for character in str(text)
    )


def width_of(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Left-aligned columns, two spaces apart, without trailing blanks."""
    lines = [list(head), *([harmless(cell).replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(width_of(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - width_of(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )
