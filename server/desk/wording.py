"""Titles of tickets in both languages, from the words of the fault."""

from __future__ import annotations

import re

from rules.models import Fault
from server.desk.ticket import Words
from wire.entity import Entity, host_of, name_of

LANGUAGES = ("en", "zh")
_PLACE = re.compile(r"\{(entity|host|name)\}")
# What a terminal or a reader of right-to-left text would obey; names come from hosts and are hostile.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
MAX_NAME = 120


def plain(text: str, limit: int = MAX_NAME) -> str:
    """One line without control characters, cut to ``limit``."""
    inert = _UNSAFE.sub("�", text)
    return inert if len(inert) <= limit else inert[: limit - 1] + "…"


def local_name(entity: Entity) -> str:
    """``fs:web1:/var`` → ``/var``; what has no host keeps its whole name."""
    name, host = name_of(entity), host_of(entity)
    return name[len(host) + 1 :] or name if host and name != host else name


def fill(template: str, entity: Entity, host: str = "") -> str:
    """Puts names into a text; nothing in a name is read as a template."""
    names = {
        "entity": local_name(entity),
        "name": name_of(entity),
        "host": host or host_of(entity) or name_of(entity),
    }
    return _PLACE.sub(lambda found: plain(names[found[1]]), template)


def titles(fault: Fault, entity: Entity, host: str = "") -> Words:
    return {language: fill(fault.text[language].title, entity, host) for language in LANGUAGES}  # type: ignore[index]  # LANGUAGES are the keys of Fault.text
