"""A diagnosis rendered for people, in English and 简体中文; every sentence cites observation ids."""

from __future__ import annotations

from typing import Literal

import msgspec

from rules.catalogue import Catalogue
from rules.report.compose import compose
from rules.report.html import to_html
from rules.report.markdown import to_markdown
from rules.report.view import ReportView
from rules.report.words import Language

Form = Literal["md", "html", "json"]


def render(view: ReportView, catalogue: Catalogue, form: Form, language: Language) -> str:
    """The report as Markdown, as an HTML article, or as a JSON document with the view and its blocks."""
    blocks = compose(view, catalogue, language)
    if form == "md":
        return to_markdown(blocks)
    if form == "html":
        return to_html(blocks)
    return msgspec.json.encode({**msgspec.to_builtins(view), "blocks": msgspec.to_builtins(blocks)}).decode()
