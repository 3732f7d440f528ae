"""From a view to blocks: what the report says, in which order. Every claim carries its observations."""

from __future__ import annotations

from collections.abc import Iterator

from rules.catalogue import Catalogue
from rules.diagnosis import Certainty, Hypothesis, Redundancy
from rules.report.document import Block, Heading, Items, Paragraph, Prose, Table
from rules.report.narrowing import narrowing
from rules.report.title import advice_of, summary_of, title_of
from rules.report.view import Cited, ReportView
from rules.report.words import Language, Words, moment, number, percent, words
from wire.entity import name_of

NAMED_AT_MOST = 6
CITED_AT_MOST = 12
"""Ids behind one sentence; the evidence table has them all."""


def compose(view: ReportView, catalogue: Catalogue, language: Language) -> tuple[Block, ...]:
    return tuple(_blocks(view, catalogue, language, words(language)))


def _blocks(view: ReportView, catalogue: Catalogue, language: Language, say: Words) -> Iterator[Block]:
    yield from _head(view, catalogue, language, say)
    yield from _root(view, catalogue, language, say)
    yield from _action(view, catalogue, language, say)
    yield from _consequences(view, say)
    yield from _redundancy(view, say)
    yield from narrowing(view, catalogue, language, say)
    yield from _others(view, catalogue, language, say)
    yield from _context(view, say)
    yield from _unchecked(view, say)
    yield from _proof(view, say)
    yield from _evidence(view, say)
    yield from _timeline(view, say)


def _head(view: ReportView, catalogue: Catalogue, language: Language, say: Words) -> Iterator[Block]:
    ticket, diagnosis = view.ticket, view.diagnosis
    number_of_ticket = f"{ticket.id} · " if ticket.id else ""
    yield Heading(number_of_ticket + title_of(catalogue, ticket.fault, ticket.entity, language), level=1)
    certainty = {
        Certainty.CONFIRMED: say.certainty_confirmed,
        Certainty.LIKELY: say.certainty_likely,
        Certainty.INCONCLUSIVE: say.certainty_inconclusive,
    }[diagnosis.certainty].format(probability=percent(diagnosis.probability))
    scope = say.explains.format(count=len(diagnosis.explains), hosts=_observers(view))
    onset = say.since.format(onset=moment(diagnosis.onset))
    yield Paragraph(f"{certainty} {onset} {scope}", diagnosis.observations[:CITED_AT_MOST], tone="lead")
    if ticket.id:
        facts = (ticket.priority, ticket.impact, ticket.urgency, ticket.domain, ticket.type)
        graded = (say.grade.get(fact, fact) for fact in facts)
        status = say.grade.get(ticket.status, ticket.status)
        yield Table(say.facts_head, ((*graded, ticket.team, status),))
    if ticket.earlier:
        before = say.happened_before.format(count=len(ticket.earlier), tickets=", ".join(ticket.earlier))
        yield Paragraph(f"{before} {say.propose_problem}" if ticket.proposes_problem else before)


def _observers(view: ReportView) -> str:
    """The names of who saw it, the first few and how many more."""
    names = sorted({observer for observer, _, _ in view.diagnosis.explains})
    more = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" +{more}" if more > 0 else "")


def _root(view: ReportView, catalogue: Catalogue, language: Language, say: Words) -> Iterator[Block]:
    diagnosis = view.diagnosis
    yield Heading(say.root)
    root = diagnosis.root
    yield Paragraph(
        f"{summary_of(catalogue, root.fault, root.entity, language)} "
        f"({say.fault}: {root.fault}, {say.entity}: {root.entity})",
        root.supported_by[:CITED_AT_MOST],
    )
    if len(diagnosis.members) > 1:
        yield Paragraph(say.class_.format(count=len(diagnosis.members)))
        yield Items(tuple(_hypothesis(each, catalogue, language) for each in diagnosis.members))
        if diagnosis.separated_by:
            yield Paragraph(say.separate.format(tests=" · ".join(diagnosis.separated_by)))


def _action(view: ReportView, catalogue: Catalogue, language: Language, say: Words) -> Iterator[Block]:
    root = view.diagnosis.root
    fault = catalogue.faults.get(root.fault)
    if fault is None:
        return
    yield Heading(say.do_first)
    yield Paragraph(say.action.get(fault.action, fault.action))
    if advice := advice_of(catalogue, root.fault, root.entity, language):
        yield Prose(advice)


def _consequences(view: ReportView, say: Words) -> Iterator[Block]:
    diagnosis = view.diagnosis
    if not (diagnosis.consequences or diagnosis.perhaps):
        return
    yield Heading(say.affected)
    if diagnosis.consequences:
        yield Items(
            tuple(
                Paragraph(
                    say.consequence.format(
                        entity=each.entity, state=say.state.get(each.state, each.state), because=each.because
                    ),
                    each.shown_by[:CITED_AT_MOST],
                )
                for each in diagnosis.consequences
            )
        )
    if diagnosis.perhaps:
        yield Paragraph(say.perhaps.format(count=len(diagnosis.perhaps)))


def _redundancy(view: ReportView, say: Words) -> Iterator[Block]:
    groups = view.diagnosis.redundancy
    if groups:
        yield Heading(say.redundancy)
        yield Items(tuple(_left(each, say, view.diagnosis.root.supported_by) for each in groups))


def _left(each: Redundancy, say: Words, cites: tuple[str, ...]) -> Paragraph:
    spare = len(each.left) - each.need
    text = say.group_left.format(
        group=name_of(each.group),
        left=len(each.left),
        all=len(each.left) + len(each.lost),
        need=each.need,
        names=", ".join(each.left[:NAMED_AT_MOST]) or "–",
    )
    verdict = say.group_fallen if spare < 0 else say.group_last if spare == 0 else say.group_spare
    return Paragraph(f"{text} {verdict.format(spare=spare)}", cites[:CITED_AT_MOST])


def _others(view: ReportView, catalogue: Catalogue, language: Language, say: Words) -> Iterator[Block]:
    diagnosis = view.diagnosis
    if diagnosis.ruled_out:
        yield Heading(say.ruled_out)
        yield Items(
            tuple(
                Paragraph(
                    say.ruled_out_item.format(title=title_of(catalogue, each.fault, each.entity, language)),
                    each.by[:CITED_AT_MOST],
                )
                for each in diagnosis.ruled_out
            )
        )
    members = {(each.fault, each.entity) for each in (diagnosis.root, *diagnosis.members)}
    others = [each for each in diagnosis.hypotheses if (each.fault, each.entity) not in members]
    if others:
        yield Heading(say.alternatives)
        yield Items(tuple(_hypothesis(each, catalogue, language) for each in others))


def _hypothesis(each: Hypothesis, catalogue: Catalogue, language: Language) -> Paragraph:
    title = title_of(catalogue, each.fault, each.entity, language)
    return Paragraph(f"{percent(each.probability)} {title}", each.supported_by[:CITED_AT_MOST])


def _context(view: ReportView, say: Words) -> Iterator[Block]:
    """Not among the reasons: the engine does not lean on it."""
    wanted = set(view.diagnosis.context)
    said = sorted(
        (each for each in view.observations if each.id in wanted), key=lambda each: (each.at, each.id)
    )
    if said:
        yield Heading(say.context)
        yield Items(
            tuple(
                Paragraph(
                    say.context_item.format(
                        entity=each.subject, at=moment(each.at), line=each.evidence.get("line", "")
                    ),
                    (each.id,),
                )
                for each in said
            )
        )


def _unchecked(view: ReportView, say: Words) -> Iterator[Block]:
    if view.diagnosis.unchecked:
        yield Heading(say.unchecked)
        yield Items(
            tuple(
                Paragraph(say.unchecked_item.format(signal=each.signal, subject=each.subject, why=each.why))
                for each in view.diagnosis.unchecked
            )
        )


def _proof(view: ReportView, say: Words) -> Iterator[Block]:
    if view.proof:
        yield Heading(say.proof)
        yield Paragraph(say.proof_text, view.proof[:CITED_AT_MOST])


def _evidence(view: ReportView, say: Words) -> Iterator[Block]:
    if view.observations:
        yield Heading(say.evidence)
        yield Table(say.evidence_head, tuple(_row(each) for each in view.observations))


def _row(seen: Cited) -> tuple[str, ...]:
    detail = ", ".join(f"{name}={value}" for name, value in sorted(seen.evidence.items()))
    result = f"{seen.verdict} ({seen.reason})"
    looked_at = f"{seen.signal} {seen.subject}"
    return (seen.id, seen.host, looked_at, result, number(seen.value), moment(seen.since), detail)


def _timeline(view: ReportView, say: Words) -> Iterator[Block]:
    if view.timeline:
        yield Heading(say.timeline)
        yield Items(
            tuple(
                Paragraph(
                    say.timeline_item.format(
                        at=moment(each.at), actor=each.actor, what=each.what, text=each.text
                    ).rstrip()
                )
                for each in view.timeline
            )
        )
