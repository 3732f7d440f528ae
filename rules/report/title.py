"""The words of a fault, filled in for one entity."""

from __future__ import annotations

import re

from rules.catalogue import Catalogue
from rules.models import Text
from rules.report.words import Language
from wire import entity as ids

_PLACE = re.compile(r"\{(entity|host|name)\}")


def title_of(catalogue: Catalogue, fault: str, entity: str, language: Language) -> str:
    """The title of a fault on an entity; its id where nothing is written."""
    text = _text(catalogue, fault, language)
    return fill(text.title, entity) if text else f"{fault} {entity}"


def summary_of(catalogue: Catalogue, fault: str, entity: str, language: Language) -> str:
    text = _text(catalogue, fault, language)
    if text is None:
        return f"{fault} {entity}"
    return fill(text.summary or text.title, entity)


def advice_of(catalogue: Catalogue, fault: str, entity: str, language: Language) -> str:
    """Markdown of our own; the entity in it is quoted so that its name stays inert."""
    text = _text(catalogue, fault, language)
    return fill(text.advice, inert(entity)) if text else ""


def fill(template: str, entity: str, host: str = "") -> str:
    """``{entity}`` is the name on its host, ``{name}`` the name with its host, ``{host}`` the host alone.

    Nothing in a name is read as a template; other braces stay, since advice holds shell commands.
    """
    names = {
        "entity": local_name(entity),
        "name": ids.name_of(entity),
        "host": host or ids.host_of(entity) or ids.name_of(entity),
    }
    return _PLACE.sub(lambda found: names[found[1]], template)


def local_name(entity: str) -> str:
    """``fs:web1:/var`` → ``/var``; what has no host keeps its whole name."""
    name, host = ids.name_of(entity), ids.host_of(entity)
    return name[len(host) + 1 :] or name if host and name != host else name


def inert(text: str) -> str:
    """Without the characters by which a name could become Markdown, HTML or a shell command."""
    return "".join(
        character if character.isalnum() or character in "._-/:@%[]," else "?" for character in text
    )


def _text(catalogue: Catalogue, fault: str, language: Language) -> Text | None:
    model = catalogue.faults.get(fault)
    return model.text.get(language) if model else None
