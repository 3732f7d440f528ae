"""The peers on top of a lab: started with it, begun anew before each drill, asked after it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.compare import settings
from bench.compare.daemons import Daemon, start_exporters
from bench.compare.receiver import Receiver
from bench.compare.rules import read_all, rule_file
from bench.compare.seen import CONTINUES, Alert, Labels, Post, Series, fresh
from bench.compare.targets import probes
from drills.console import Console
from drills.errors import LabError
from drills.lab import Lab
from drills.layout import SERVER
from drills.node import Node

FIRING = 'ALERTS{alertstate="firing"}'
STIRRING = 'ALERTS{variant="quick"}'
EVALUATED = 16.0
"""Seconds; longer than an interval, so that each rule was evaluated since the start."""


class Peers:
    """Used as a context; ``start`` is what a Stage calls for each lab that it builds."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="compare-"))
        self.noisy: tuple[str, ...] | None = None
        """Names of the alerts that fired before anything was wrong, once that is known of this lab: a usual
        operator has silenced them."""
        self._node: Node | None = None
        self._running = ExitStack()
        self._receiver: Receiver | None = None
        self._daemons: list[Daemon] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, lab: Lab) -> None:
        """Raises LabError, and FileNotFoundError where the rules are not beside the project."""
        self.stop()
        self._node, self.noisy = lab[SERVER], None
        targets = probes()
        rules = self.folder / "rules.yml"
        rules.write_text(rule_file(read_all()))
        (self.folder / "prometheus.yml").write_text(settings.prometheus(targets, str(rules)))
        packaged = settings.PACKAGED.read_text()
        (self.folder / "alertmanager.yml").write_text(settings.alertmanager(packaged))
        shutil.rmtree(self.folder / "metrics", ignore_errors=True)
        start_exporters(lab, settings.blackbox(targets))
        self._receiver = Receiver(self._node.pid)
        self._running.callback(self._receiver.close)
        self._prometheus = Console(self._node, f"http://{settings.PROMETHEUS}")
        self._alertmanager = Console(self._node, f"http://{settings.ALERTMANAGER}")
        self._running.callback(self._prometheus.close)
        self._running.callback(self._alertmanager.close)
        self._running.callback(self._stop_daemons)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Both daemons with an empty memory of alerts, as after quiet weeks; the samples are kept.

        Else Alertmanager would keep an alert waiting for up to five minutes, since its group told of the
        drill before: Prometheus repeats for a quarter of an hour that an alert is over.
        """
        self._stop_daemons()
        shutil.rmtree(self.folder / "notifications", ignore_errors=True)
        alertmanager = [
            "prometheus-alertmanager",
            f"--config.file={self.folder}/alertmanager.yml",
            f"--storage.path={self.folder}/notifications",
            f"--web.listen-address={settings.ALERTMANAGER}",
            "--cluster.listen-address=",
        ]
        prometheus = [
            "prometheus",
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/metrics",
            f"--web.listen-address={settings.PROMETHEUS}",
        ]
        for argv, console in ((alertmanager, self._alertmanager), (prometheus, self._prometheus)):
            daemon = Daemon(self.node, argv, self.folder / f"{argv[0]}.log")
            self._daemons.append(daemon)
            daemon.wait_until_ready(console)
        time.sleep(EVALUATED)

    @property
    def node(self) -> Node:
        if self._node is None:
            raise LabError("the peers were not started")
        return self._node

    def _stop_daemons(self) -> None:
        while self._daemons:
            self._daemons.pop().stop()

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._running.close()

    def learn_noise(self, seconds: float) -> None:
        """What fired within the last ``seconds``, while nothing was wrong."""
        series = self._series(f"{FIRING}[{seconds:.0f}s]", time.time())
        self.noisy = tuple(sorted({each.labels["alertname"] for each in series}))

    def calm(self, seconds: float) -> None:
        """Until no alert but the noisy ones is firing or about to, for so many seconds at most."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self._prometheus.get("/api/v1/query", query=STIRRING)["data"]["result"]
            if all(each["metric"]["alertname"] in (self.noisy or ()) for each in found):
                return
            time.sleep(2)

    def fired(self, began: float, ended: float) -> tuple[Alert, ...]:
        """The alerts that began to fire in this time; seconds since the epoch."""
        return fresh(self._series(f"{FIRING}[{ended - began + CONTINUES:.0f}s]", ended), began, ended)

    def _series(self, query: str, at: float) -> list[Series]:
        found: dict[str, Any] = self._prometheus.get("/api/v1/query", query=query, time=f"{at:.3f}")
        return [
            Series(_bare(each["metric"]), [float(moment) for moment, _ in each["values"]])
            for each in found["data"]["result"]
        ]

    def posts(self, began: float, ended: float) -> tuple[Post, ...]:
        """The notifications of this time; seconds since the epoch."""
        kept = self._receiver.posts if self._receiver else []
        return tuple(post for post in kept if began <= post.at <= ended)


def _bare(labels: Labels) -> Labels:
    """As Alertmanager gets them."""
    return {name: value for name, value in labels.items() if name not in ("__name__", "alertstate")}
