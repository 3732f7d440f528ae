"""The pages of signals, signatures and faults."""

from __future__ import annotations

from collections.abc import Iterator

from markup import blank, code, table

from rules.catalogue import Catalogue
from rules.matching.signatures import load_signatures


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
            ", ".join(f"{reason} ({signal.leak.get(reason, 0):g})" for reason in signal.outcomes),
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
            ((f"`{s.signal}`", ", ".join(s.reason), s.on, str(s.strength)) for s in fault.symptoms),
        )
        for language in ("en", "zh"):
            if advice := fault.text[language].advice:
                yield f"\n{blank(advice)}\n"


def signatures() -> Iterator[str]:
    yield "# Signatures\n"
    yield "Log lines that mean something. `rootward rules show ID` prints pattern and samples."
    yield ""
    rows = (
        (f"`{each.id}`", f"`{each.signal}`", each.severity, f"`{each.entity}`", code(each.samples[0]))
        for each in sorted(load_signatures(), key=lambda each: (each.signal, each.id))
    )
    yield from table(("signature", "signal", "severity", "entity", "a line that it knows"), rows)
