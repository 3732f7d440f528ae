"""The words of a fault, filled in for one entity."""

from __future__ import annotations

from rules.catalogue import Catalogue
from rules.models import Text
from rules.report.words import Language
from wire import entity as ids


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


def fill(template: str, entity: str) -> str:
    """``{entity}``, ``{host}`` and ``{name}``; other braces stay, since advice holds shell commands."""
    host = ids.host_of(entity)
    name = ids.name_of(entity)
    short = name[len(host) :].lstrip("/:") if host and name != host else name
    for placeholder, value in (("{entity}", entity), ("{host}", host or name), ("{name}", short or "/")):
        template = template.replace(placeholder, value)
    return template


def inert(text: str) -> str:
    """Without the characters by which a name could become Markdown, HTML or a shell command."""
    return "".join(
        character if character.isalnum() or character in "._-/:@%[]," else "?" for character in text
    )


def _text(catalogue: Catalogue, fault: str, language: Language) -> Text | None:
    model = catalogue.faults.get(fault)
    return model.text.get(language) if model else None
