"""What was seen of one drill on either side; kept as JSON lines, and judged from there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from drills.drill import Answer

Labels = dict[str, str]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that began to fire while the harm lasted; ``at`` in seconds since the epoch."""

    labels: Labels
    at: float


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One notification of Alertmanager, and the labels of the firing alerts in it."""

    at: float
    variant: str
    alerts: tuple[Labels, ...]


class Ours(msgspec.Struct, frozen=True, kw_only=True):
    """Times are seconds from the injection."""

    right: bool
    why: str
    answer: str
    tickets: int
    first: float | None
    """Until some ticket stood."""
    named: float | None
    """Until the right ticket stood, and no wrong one."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One drill; it was harmed from ``began`` to ``ended``, seconds since the epoch."""

    drill: str
    title: str
    area: str
    expected: tuple[Answer, ...]
    began: float
    ended: float
    ours: Ours
    noisy: tuple[str, ...]
    """Names of the alerts that fired before anything was wrong."""
    fired: tuple[Alert, ...]
    posts: tuple[Post, ...]
    load: float
    """Load average of the machine at the end."""


class Series(msgspec.Struct, frozen=True):
    """When an alert was firing: one moment per evaluation, seconds since the epoch."""

    labels: Labels
    moments: Sequence[float]


CONTINUES = 40.0
"""Seconds; an alert that fired so shortly before the harm is not news."""


def fresh(series: Iterable[Series], began: float, ended: float) -> tuple[Alert, ...]:
    """The alerts that began to fire while the harm lasted, in that order."""
    found = []
    for each in series:
        during = [moment for moment in each.moments if began <= moment <= ended]
        before = [moment for moment in each.moments if began - CONTINUES <= moment < began]
        if during and not before:
            found.append(Alert(labels=each.labels, at=min(during)))
    return tuple(sorted(found, key=lambda alert: (alert.at, sorted(alert.labels.items()))))
