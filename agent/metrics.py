"""What Prometheus may scrape: results, the host's figures, the agent's health. The only port it opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from agent.config import metrics_address
from agent.edge.state import Entry
from agent.host_metrics import HostMetrics
from wire.judgement import JITTER, Verdict

VALUES = {Verdict.PASS: 1.0, Verdict.WARN: 0.5, Verdict.FAIL: 0.0}


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The agent's own counters at one moment."""

    spool_bytes: int
    dropped: int
    malformed: int
    skipped_rounds: int
    held_back_lines: int
    workers_killed: int
    tasks_ran: int
    tasks_refused: int
    sent: int
    send_failures: int
    quarantined: int


class Exposition:
    """Made anew for each scrape from the state as it is."""

    def __init__(
        self,
        entries: Callable[[], list[Entry]],
        rounds: Callable[[], dict[str, float]],
        numbers: Callable[[], Numbers],
    ) -> None:
        self._entries = entries
        self._rounds = rounds
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        yield from self._results()
        rounds = GaugeMetricFamily(
            "rootward_round_completed_timestamp_seconds",
            "When each round was last completed",
            labels=["round"],
        )
        for name, at in sorted(self._rounds().items()):
            rounds.add_metric([name], at)
        yield rounds
        numbers = self._numbers()
        yield GaugeMetricFamily(
            "rootward_spool_bytes", "Bytes that wait to be sent", value=numbers.spool_bytes
        )
        for name in Numbers.__dataclass_fields__:
            if name != "spool_bytes":
                text = f"{name.replace('_', ' ').capitalize()} since the agent started"
                yield CounterMetricFamily(f"rootward_{name}", text, value=getattr(numbers, name))
        yield from _process()

    def _results(self) -> Iterator[Metric]:
        result = GaugeMetricFamily(
            "rootward_probe_result",
            "Latest result: 1 pass, 0.5 warn, 0 fail, -1 unknown",
            labels=["signal", "subject", "reason"],
        )
        value = GaugeMetricFamily(
            "rootward_probe_value",
            "What was measured, in the unit of the signal",
            labels=["signal", "subject"],
        )
        jitter = GaugeMetricFamily(
            "rootward_probe_jitter_seconds",
            "Mean change from one round trip to the next",
            labels=["signal", "subject"],
        )
        for entry in self._entries():
            judgement = entry.judgement
            labels = [judgement.signal, judgement.subject]
            result.add_metric([*labels, judgement.reason], VALUES.get(judgement.verdict, -1.0))
            if judgement.value is not None:
                value.add_metric(labels, judgement.value)
            if isinstance(varied := judgement.evidence.get(JITTER), float):
                jitter.add_metric(labels, varied / 1000)
        yield result
        yield value
        yield jitter


def _process() -> Iterator[Metric]:
    """Psutil is loaded by the first scrape: an agent that nobody scrapes saves the megabyte."""
    import psutil  # noqa: PLC0415 - see above

    me = psutil.Process()
    with me.oneshot():
        times, resident = me.cpu_times(), me.memory_info().rss
        files, threads = me.num_fds(), me.num_threads()
    children = 0
    for pid in _children():
        with suppress(psutil.Error):  # it ended just now
            children += psutil.Process(pid).memory_info().rss
    yield CounterMetricFamily(
        "rootward_agent_cpu_seconds", "Processor time of the agent", value=times.user + times.system
    )
    yield CounterMetricFamily(
        "rootward_agent_children_cpu_seconds",
        "Processor time of children that ended",
        value=times.children_user + times.children_system,
    )
    for name, text, value in (
        ("resident_bytes", "Resident memory of the agent", resident),
        ("children_resident_bytes", "Resident memory of its children now", children),
        ("open_files", "Open descriptors of the agent", files),
        ("threads", "Threads of the agent", threads),
    ):
        yield GaugeMetricFamily(f"rootward_agent_{name}", text, value=value)


def _children() -> Iterator[int]:
    """Those of any of its threads, without a look at all processes of the machine."""
    for children in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, children.read_text(encoding="ascii").split())


class MetricsServer:
    """Serves in a thread until stopped. Raises OSError when the port is taken."""

    def __init__(self, address: str, *expositions: Exposition | HostMetrics) -> None:
        self._server: WSGIServer | None = None
        where = metrics_address(address)
        if where is None:
            return
        registry = CollectorRegistry(auto_describe=False)
        for exposition in expositions:
            registry.register(exposition)
        started: tuple[Any, Any] = start_http_server(where[1], addr=where[0], registry=registry)
        self._server = started[0]

    @property
    def port(self) -> int:
        return self._server.server_port if self._server else 0

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
