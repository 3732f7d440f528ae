"""The pages of signals, signatures and faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markup import blank, code, table

from rules.catalogue import Catalogue
from rules.matching.signatures import load_signatures
from rules.models import Symptom
from rules.reading.lexicon import Form, Lexicon, Words, load_lexicon


def signals(catalogue: Catalogue) -> Iterator[str]:
    yield "# Signals\n"
    yield "How each look can end, in the order in which its steps fail. *Leak* is how often, per look, that"
    yield "ending appears with no cause that we model."
    yield ""
    rows = (
        (
            f"`{signal.name}`",
            signal.text["en"].replace("{name}", "…"),
            signal.text["zh"].replace("{name}", "…"),
            signal.layer,
            ", ".join(f"{reason} ({leak:g})" for reason, leak in signal.outcomes.items()),
        )
        for signal in sorted(catalogue.signals.values(), key=lambda signal: signal.name)
    )
    yield from table(("signal", "what it looks at", "对象", "layer", "outcomes (leak)"), rows)


def faults(catalogue: Catalogue) -> Iterator[str]:
    yield "# Faults\n"
    yield "Every cause that Rootward can name, how it is recognised and what to do about it."
    for fault in sorted(catalogue.faults.values(), key=lambda fault: fault.id):
        yield f"\n## {fault.id}\n"
        for language in ("en", "zh"):
            text = fault.text[language]
            yield f"**{blank(text.title)}** {blank(text.summary)}\n"
        yield f"Domain {fault.domain}, type {fault.type}, urgency {fault.urgency},"
        yield f"first action `{fault.action}`.\n"
        yield from table(
            ("seen as", "ending in", "on", "strength"),
            ((f"`{s.signal}`", ", ".join(s.reason), _on(s), str(s.strength)) for s in fault.symptoms),
        )
        for language in ("en", "zh"):
            if advice := fault.text[language].advice:
                yield f"\n{blank(advice)}\n"


def _on(symptom: Symptom) -> str:
    return f"{symptom.on} ({', '.join(symptom.kinds)})" if symptom.kinds else symptom.on


def signatures() -> Iterator[str]:
    yield "# Signatures\n"
    yield "Log lines that mean something. `rootward rules show ID` prints pattern and samples."
    yield ""
    rows = (
        (f"`{each.id}`", f"`{each.signal}`", each.severity, f"`{each.entity}`", code(each.samples[0]))
        for each in sorted(load_signatures(), key=lambda each: (each.signal, each.id))
    )
    yield from table(("signature", "signal", "severity", "entity", "a line that it knows"), rows)


def forms() -> Iterator[str]:
    lexicon = load_lexicon()
    yield "# Forms\n"
    yield "How a line is read that no signature knows: who speaks, how much of a complaint it is, and"
    yield "what it is about. A line of weight 3 and more complains; the first form that fits says what it"
    yield "means. What the program itself calls a warning adds 1, an error 3; a driver in the log of the"
    yield "kernel adds 1. In a phrase `a|b` is one word of several, `_` a space within a choice, `word?`"
    yield "may be missing, `*` is any word, `#` a number, `0` nought.\n"
    yield from table(
        ("form", "signal", "severity", "who speaks", "about", "a line of it"), map(_form, lexicon.forms)
    )
    yield "\n## Words\n"
    yield from table(
        ("weight", "phrases"),
        ((str(one.weight), ", ".join(map(code, one.phrases))) for one in _heaviest(lexicon)),
    )
    yield "\n## Levels\n"
    yield from table(
        ("weight", "names"), ((str(one.weight), ", ".join(map(code, one.names))) for one in lexicon.levels)
    )
    yield "\n## Voices\n"
    yield from table(
        ("voice", "names"), ((f"`{one.id}`", ", ".join(map(code, one.names))) for one in lexicon.voices)
    )


def _form(form: Form) -> tuple[str, ...]:
    about = ", ".join(map(code, form.about)) or "anything"
    return (
        f"`{form.id}`",
        f"`{form.signal}`",
        form.severity,
        ", ".join(form.voices) or "anyone",
        about,
        code(form.samples[0]),
    )


def _heaviest(lexicon: Lexicon) -> Sequence[Words]:
    return sorted(lexicon.words, key=lambda one: -one.weight)
