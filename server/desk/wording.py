"""Titles of tickets in both languages, made inert: the names in them come from hosts."""

from __future__ import annotations

import re
from typing import get_args

from rules.catalogue import Catalogue
from rules.report.title import title_of
from rules.report.words import Language
from server.desk.ticket import Words
from wire.entity import Entity

LANGUAGES: tuple[Language, ...] = get_args(Language)
# What a terminal, or a reader of right-to-left text, would obey.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
MAX_TITLE = 240


def plain(text: str, limit: int = MAX_TITLE) -> str:
    """One line without control characters, cut to ``limit``."""
    inert = _UNSAFE.sub("\ufffd", text)
    return inert if len(inert) <= limit else inert[: limit - 1] + "…"


def titles(catalogue: Catalogue, fault: str, entity: Entity) -> Words:
    return {language: plain(title_of(catalogue, fault, entity, language)) for language in LANGUAGES}
