"""Markdown for tables, code and placeholders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def fenced(text: str) -> Sequence[str]:
    return ("```text", text.rstrip(), "```")


def blank(text: str) -> str:
    """Placeholders as an ellipsis."""
    for placeholder in ("{entity}", "{host}", "{name}"):
        text = text.replace(placeholder, "…")
    return text


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"


def code(text: str) -> str:
    """As code on one line, or nothing for nothing."""
    return f"``{text.strip()}``" if text.strip() else ""
