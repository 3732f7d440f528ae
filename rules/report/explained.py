"""A diagnosis taken apart, as a tree of text: what speaks for what, with weights, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rules.diagnosis import Consequence, Diagnosis, Hypothesis, RuledOut, Step, Tried
from rules.report.evidence_graph import hypotheses
from rules.report.view import Cited, ReportView
from rules.report.words import moment, percent

SHOWN_AT_MOST = 20
"""Observations, consequences or tests of one branch; the rest is counted."""
Lines = Iterator[tuple[int, str]]
"""Depth and text."""


def explained(view: ReportView) -> str:
    """Indented lines, each one line whatever hosts sent; the caller makes the rest of that harmless."""
    return "\n".join("  " * depth + " ".join(text.splitlines()) for depth, text in _lines(view))


def _lines(view: ReportView) -> Lines:
    diagnosis = view.diagnosis
    seen = {each.id: each for each in view.observations}
    about = f"ticket {view.ticket.id}: " if view.ticket.id else ""
    yield 0, f"{about}{diagnosis.entity}, {diagnosis.certainty}, {percent(diagnosis.probability)}"
    root, *others = hypotheses(diagnosis)
    yield 0, "root"
    yield from _hypothesis(root, seen)
    yield from _consequences(diagnosis, seen)
    alike = {(each.fault, each.entity) for each in diagnosis.members}
    yield from _several("as good as the root", [o for o in others if (o.fault, o.entity) in alike], seen)
    yield from _several("other hypotheses", [o for o in others if (o.fault, o.entity) not in alike], seen)
    yield from _ruled_out(diagnosis.ruled_out, seen)
    yield from _narrowed(diagnosis.steps)
    if diagnosis.unchecked:
        yield 0, "could not be checked"
        yield from _some(1, [f"{each.signal} {each.subject}: {each.why}" for each in diagnosis.unchecked])


def _several(title: str, found: Sequence[Hypothesis], seen: dict[str, Cited]) -> Lines:
    if found:
        yield 0, title
    for each in found:
        yield from _hypothesis(each, seen)


def _hypothesis(each: Hypothesis, seen: dict[str, Cited]) -> Lines:
    nats = {weight.observation: weight.nats for weight in each.weights}
    yield 1, f"{each.fault} {each.entity}  {percent(each.probability)}"
    for title, ids in (("for", each.supported_by), ("against", each.opposed_by)):
        if ids:
            yield 2, title
            heaviest = sorted(ids, key=lambda id_: -abs(nats.get(id_, 0.0)))
            yield from _some(3, [f"{_nats(nats.get(id_))}  {_look(id_, seen)}" for id_ in heaviest])


def _nats(value: float | None) -> str:
    return "     –" if value is None else f"{value:+6.2f}"


def _look(id_: str, seen: dict[str, Cited]) -> str:
    look = seen.get(id_)
    if look is None:
        return f"{id_} (not kept)"
    return f"{id_}  {look.signal} {look.subject}: {look.verdict} ({look.reason}) since {moment(look.since)}"


def _consequences(diagnosis: Diagnosis, seen: dict[str, Cited]) -> Lines:
    """As they follow from each other; each once, so that a circle has an end."""
    if not diagnosis.consequences:
        return
    yield 2, "leads to"
    children: dict[str, list[Consequence]] = {}
    for each in diagnosis.consequences:
        children.setdefault(each.because, []).append(each)
    told: set[int] = set()
    waiting = [(each, 3) for each in reversed(children.get(diagnosis.root.entity, []))]
    rest = [each for each in diagnosis.consequences if each.because != diagnosis.root.entity]
    while waiting or rest:
        each, depth = waiting.pop() if waiting else (rest.pop(0), 3)
        if id(each) in told:
            continue
        told.add(id(each))
        yield depth, f"{each.entity} is {each.state}, because of {each.because}"
        yield from _some(depth + 1, [_look(id_, seen) for id_ in each.shown_by])
        waiting += [(child, depth + 1) for child in reversed(children.get(each.entity, []))]


def _ruled_out(found: Sequence[RuledOut], seen: dict[str, Cited]) -> Lines:
    if found:
        yield 0, "ruled out"
    for each in found:
        yield 1, f"{each.fault} {each.entity}, by"
        yield from _some(2, [_look(id_, seen) for id_ in each.by])


def _narrowed(steps: Sequence[Step]) -> Lines:
    if steps:
        yield 0, "how it narrowed"
    for number, step in enumerate(steps, 1):
        yield 1, f"step {number}, {moment(step.at)}: {len(step.tests)} tests, {step.cost:.1f} s of looking"
        yield from _some(2, [_test(each) for each in step.tried] or list(step.tests))
        yield from _beliefs("before", step.before)
        yield from _beliefs("after", step.after)
        for each in step.ruled_out:
            yield 2, f"ruled out: {each.fault} {each.entity}, by {', '.join(each.by[:SHOWN_AT_MOST])}"


def _test(tried: Tried) -> str:
    came = f"{tried.outcome} ({tried.answer})" if tried.answer else tried.why_not or "no answer yet"
    worth = f"cost {tried.cost:.1f} s, gain {tried.gain:.2f} bit"
    return f"{tried.check} {tried.subject} by {tried.observer}, {worth}: {came}"


def _beliefs(title: str, found: Sequence[Hypothesis]) -> Lines:
    for each in found:
        yield 2, f"{title:6} {percent(each.probability):>7}  {each.fault} {each.entity}"


def _some(depth: int, texts: Sequence[str]) -> Lines:
    for text in texts[:SHOWN_AT_MOST]:
        yield depth, text
    if len(texts) > SHOWN_AT_MOST:
        yield depth, f"… and {len(texts) - SHOWN_AT_MOST} more"
