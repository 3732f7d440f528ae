"""Compares what an endpoint says with what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from collectors.clients.exposition import Series
from rules.expectations import Expectation

Group = tuple[str, ...]
Growth = Callable[[str, float], float | None]
"""Key and counter → growth per minute; None while that is not known."""
FOLD: dict[str, Callable[[list[float]], float]] = {"sum": sum, "max": max, "min": min}
NEVER = 0.0


class Met(msgspec.Struct, frozen=True):
    """One expectation and the worst value that was found for it."""

    expectation: Expectation
    value: float
    group: Group
    broken: bool


def compare(
    expectations: Iterable[Expectation], found: Sequence[Series], growth: Growth, now: float
) -> list[Met]:
    """Expectations of metrics that are not there say nothing."""
    by_name: dict[str, list[Series]] = {}
    for one in found:
        by_name.setdefault(one.name, []).append(one)
    met = (_meet(each, by_name, growth, now) for each in expectations)
    return [one for one in met if one is not None]


def _meet(each: Expectation, by_name: Mapping[str, list[Series]], growth: Growth, now: float) -> Met | None:
    values = _values(each, by_name, each.metric, each.labels, growth, part="")
    if each.share_of:
        whole = _values(each, by_name, each.share_of, each.share_labels, growth, part=" of")
        values = {
            group: value / whole[group]
            for group, value in values.items()
            if whole.get(group, 0.0) > each.least
        }
    if each.ago:
        values = {group: now - value for group, value in values.items() if value != NEVER}
    if not values:
        return None
    low = each.below is not None
    group, value = (min if low else max)(values.items(), key=lambda pair: pair[1])
    broken = value < each.below if each.below is not None else value > (each.above or 0.0)
    return Met(each, value, group, broken)


def _values(
    each: Expectation,
    by_name: Mapping[str, list[Series]],
    names: tuple[str, ...],
    labels: Mapping[str, str],
    growth: Growth,
    *,
    part: str,
) -> dict[Group, float]:
    groups: dict[Group, list[float]] = {}
    for name in names:
        for one in by_name.get(name, ()):
            if matches(one, labels):
                group = tuple(one.labels.get(label, "") for label in each.by)
                groups.setdefault(group, []).append(one.value)
    folded = {group: float(FOLD[each.take](values)) for group, values in groups.items()}
    if not each.per_minute:
        return folded
    rates = {group: growth(f"{each.id}{part} {group}", value) for group, value in folded.items()}
    return {group: rate for group, rate in rates.items() if rate is not None}


def matches(one: Series, labels: Mapping[str, str]) -> bool:
    """A label that is not there counts as empty, as everywhere with Prometheus."""
    for name, wanted in labels.items():
        other = wanted.startswith("!")
        if fnmatchcase(one.labels.get(name, ""), wanted.removeprefix("!")) == other:
            return False
    return True
