"""Short ways to make a family of samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, UnknownMetricFamily

Samples = Iterable[tuple[tuple[str, ...], float]]
Named = Mapping[str, float]


def gauge(name: str, text: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def counter(name: str, text: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    """``name`` without ``_total``, which the text format adds."""
    family = CounterMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def count(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)


def untyped(name: str, text: str, value: float) -> Metric:
    """What node_exporter passes on without knowing whether it only rises."""
    return UnknownMetricFamily(name, text, value=value)


def columns(rows: Mapping[str, Named], name: str) -> Samples:
    """One sample per row that has this column."""
    return [((row,), values[name]) for row, values in rows.items() if name in values]
