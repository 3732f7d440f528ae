"""Blocks as HTML, everything escaped; our own advice is shown as it is written, in paragraphs and code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from rules.report.document import Block, Heading, Items, Paragraph, Prose, Table
from rules.report.visible import visible

_CODE = re.compile(r"`([^`\n]+)`")


def to_html(blocks: Iterable[Block]) -> str:
    """An ``<article>`` for a page of its own or inside another."""
    return '<article class="report">\n' + "\n".join(_block(block) for block in blocks) + "\n</article>\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{_text(text)}</h{level}>"
        case Paragraph(_, _, tone):
            kind = f' class="{tone}"' if tone else ""
            return f"<p{kind}>{_sentence(block)}</p>"
        case Items(items):
            return "<ul>" + "".join(f"<li>{_sentence(item)}</li>" for item in items) + "</ul>"
        case Table(head, rows):
            return _table(head, rows)
        case Prose(markdown):
            return "\n".join(_prose(part) for part in re.split(r"\n\s*\n", markdown.strip()))


def _sentence(paragraph: Paragraph) -> str:
    links = ", ".join(f'<a href="#{_text(each)}">{_text(each)}</a>' for each in paragraph.cites)
    return _text(paragraph.text) + (f' <small class="cites">[{links}]</small>' if links else "")


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    titles = "".join(f"<th>{_text(cell)}</th>" for cell in head)
    lines = "".join(
        f'<tr id="{_text(row[0])}">' + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table></div>'


def _prose(part: str) -> str:
    lines = part.splitlines()
    if all(line.startswith(("- ", "* ")) for line in lines):
        return "<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>"
    if all(re.match(r"\d+\. ", line) for line in lines):
        return "<ol>" + "".join(f"<li>{_inline(line.split('. ', 1)[1])}</li>" for line in lines) + "</ol>"
    return "<p>" + "<br>\n".join(_inline(line) for line in lines) + "</p>"


def _text(text: str) -> str:
    return escape(visible(text))


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text))
