"""The words of the pages in one language."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from litestar import Request

from rules.report.words import words as report_words

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
COOKIE = "rootward_language"


@cache
def words(language: Language) -> dict[str, Any]:
    """As words.toml has them; priorities, classes and states of tickets are called as in the reports."""
    content = (Path(__file__).parent / "words.toml").read_bytes()
    own = msgspec.toml.decode(content, type=dict[str, dict[str, Any]])[language]
    return {**own, "words": {**report_words(language).grade, **own["words"]}}


def language_of(request: Request[Any, Any, Any]) -> Language:
    """What the reader chose, else what the browser prefers, else English."""
    chosen = request.query_params.get("lang") or request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return "zh" if chosen == "zh" else "en"
    preferred = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return "zh" if preferred.startswith("zh") else "en"
