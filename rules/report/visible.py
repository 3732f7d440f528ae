"""Hostile text on one line that steers no terminal, whatever the form of the report."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    """Line ends become blanks; control and format characters are shown by their number."""
    return "".join(
        " "
        if character in "\n\r\t"
        else f"\\x{ord(character):02x}"
        if unicodedata.category(character) in ("Cc", "Cf", "Cs")
        else character
        for character in text
    )
