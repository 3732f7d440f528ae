"""Blocks as Markdown. Whatever a host sent stays plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rules.report.document import Block, Heading, Items, Paragraph, Prose, Table
from rules.report.visible import visible

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def to_markdown(blocks: Iterable[Block]) -> str:
    return "\n\n".join(_block(block) for block in blocks) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {plain(text)}"
        case Paragraph():
            return _sentence(block)
        case Items(items):
            return "\n".join(f"- {_sentence(item)}" for item in items)
        case Table(head, rows):
            lines = [head, ("---",) * len(head), *rows]
            return "\n".join(_row(line, ruled=line[0] == "---") for line in lines)
        case Prose(markdown):
            # A line of advice stays a line: two blanks at its end keep Markdown from joining them.
            return re.sub(r"(?<=[^\n])\n(?=[^\n])", "  \n", markdown.strip())


def _sentence(paragraph: Paragraph) -> str:
    cites = f" \\[{plain(', '.join(paragraph.cites))}\\]" if paragraph.cites else ""
    text = plain(paragraph.text)
    return (f"**{text}**" if paragraph.tone == "lead" else text) + cites


def _row(cells: Iterable[str], *, ruled: bool) -> str:
    return "| " + " | ".join(cell if ruled else plain(cell) for cell in cells) + " |"


def plain(text: str) -> str:
    """One line of text that neither Markdown nor a terminal can take for anything else."""
    return _SPECIAL.sub(r"\\\1", visible(text))
