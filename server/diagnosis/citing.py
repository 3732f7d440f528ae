"""Keeps what a diagnosis cites as it was then, so that its report stays true when the state moves on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.diagnosis import Diagnosis
from rules.report.view import Cited, cited
from server.diagnosis.standing import Standing

MAX_CITED = 400
"""Observations kept with one ticket at one time; a storm has many that say the same."""


def cited_ids(diagnosis: Diagnosis) -> list[str]:
    """The most telling first."""
    found: list[str] = [*diagnosis.root.supported_by, *diagnosis.root.opposed_by, *diagnosis.observations]
    for each in (*diagnosis.members, *diagnosis.hypotheses):
        found += [*each.supported_by, *each.opposed_by]
    for ruled_out in diagnosis.ruled_out:
        found += ruled_out.by
    for consequence in diagnosis.consequences:
        found += consequence.shown_by
    for step in diagnosis.steps:
        found += [tried.answer for tried in step.tried if tried.answer]
        for ruled_out in step.ruled_out:
            found += ruled_out.by
    return list(dict.fromkeys(found))[:MAX_CITED]


def cite(ids: Iterable[str], standing: Standing) -> Iterator[Cited]:
    for observation in ids:
        entry = standing.by_id.get(observation)
        if entry is not None:
            yield cited(entry.host, entry.observation, at=entry.confirmed_at, since=entry.since)
