"""How the diagnosis narrowed: each step of the drill-down with its tests, its cost and what it changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rules.catalogue import Catalogue
from rules.diagnosis import Step, Tried
from rules.report.document import Block, Heading, Items, Paragraph
from rules.report.title import title_of
from rules.report.view import ReportView
from rules.report.words import Language, Words, moment, percent

OUTCOMES_AT_MOST = 12


def narrowing(view: ReportView, catalogue: Catalogue, language: Language, say: Words) -> Iterator[Block]:
    """One paragraph per step, and below it what each of its tests said. Nothing where nobody was asked."""
    if not view.diagnosis.steps:
        return
    known = {each.id for each in view.observations}
    yield Heading(say.narrowed)
    for number, step in enumerate(view.diagnosis.steps, 1):
        text = say.step.format(
            number=number, at=moment(step.at), count=len(step.tests), cost=f"{step.cost:.1f}"
        )
        parts = [text, *_result(step, catalogue, language, say)]
        cites = {id_: None for each in step.ruled_out for id_ in each.by if id_ in known}
        yield Paragraph(" ".join(parts), tuple(cites))
        if step.tried:
            yield Items(tuple(_test(each, known, say) for each in step.tried[:OUTCOMES_AT_MOST]))
        else:  # as it was kept by an earlier version
            yield Items(tuple(Paragraph(test) for test in step.tests[:OUTCOMES_AT_MOST]))


def _result(step: Step, catalogue: Catalogue, language: Language, say: Words) -> Iterator[str]:
    if not step.after:
        yield say.step_open
        return
    best = step.after[0]
    earlier = {(each.fault, each.entity): each.probability for each in step.before}
    before = earlier.get((best.fault, best.entity))
    yield say.step_result.format(
        best=title_of(catalogue, best.fault, best.entity, language),
        before="–" if before is None else percent(before),
        after=percent(best.probability),
    )
    if step.ruled_out:
        titles = (title_of(catalogue, each.fault, each.entity, language) for each in step.ruled_out)
        yield say.step_ruled_out.format(titles=" · ".join(titles))


def _test(tried: Tried, known: Collection[str], say: Words) -> Paragraph:
    outcome = tried.outcome or (say.step_no_answer.format(why=tried.why_not) if tried.why_not else "…")
    text = say.step_test.format(
        check=tried.check, subject=tried.subject, observer=tried.observer, outcome=outcome
    )
    return Paragraph(text, (tried.answer,) if tried.answer in known else ())
