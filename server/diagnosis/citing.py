"""Keeps what a diagnosis cites as it was then, so that its report stays true when the state moves on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from rules.report.view import Cited, cited
from server.diagnosis.standing import Standing

MAX_CITED = 400
"""Observations kept with one ticket at one time; a storm has many that say the same."""


def cite(ids: Iterable[str], standing: Standing) -> Iterator[Cited]:
    for observation in islice(ids, MAX_CITED):
        entry = standing.told(observation)
        if entry is not None:
            yield cited(entry.host, entry.observation, at=entry.confirmed_at, since=entry.since)
        elif (said := standing.context.by_id.get(observation)) is not None:
            yield cited(said.host, said.observation, at=said.confirmed_at, since=said.confirmed_at)
