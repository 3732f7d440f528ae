"""The server's own numbers, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_COMMIT = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """One registry per server, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.batches = Counter(
            "rootward_ingest_batches_total",
            "Batches by outcome; every refusal has its reason",
            ["outcome"],
            registry=self.registry,
        )
        self.observations = Counter(
            "rootward_ingest_observations_total",
            "Observations received, by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        self.applied = self.observations.labels("applied")
        """Of every batch; it need not be looked up."""
        self.commit_seconds = Histogram(
            "rootward_commit_seconds",
            "Duration of one group commit, fsync included",
            buckets=_COMMIT,
            registry=self.registry,
        )
        self.commit_size = Histogram(
            "rootward_commit_group_size",
            "Pieces of work committed together",
            buckets=(1, 2, 5, 10, 25, 50, 100, 250),
            registry=self.registry,
        )
        self.clamped = Counter(
            "rootward_ingest_clamped_total",
            "Observations whose time lay in the future and was moved to the moment of receipt",
            registry=self.registry,
        )
        self.checkpoints = Counter(
            "rootward_checkpoints_total", "Checkpoints of the current state", registry=self.registry
        )
        self.decisions = Counter(
            "rootward_decisions_total",
            "What the stages of diagnosis decided, and why",
            ["stage", "reason"],
            registry=self.registry,
        )

    def decided(self, stage: str, reason: str, count: int) -> None:
        self.decisions.labels(stage, reason).inc(count)

    def gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """A number that is read when somebody asks."""
        Gauge(name, meaning, registry=self.registry).set_function(read)

    def committed(self, seconds: float, size: int) -> None:
        self.commit_seconds.observe(seconds)
        self.commit_size.observe(size)

    def render(self) -> bytes:
        return bytes(generate_latest(self.registry))
