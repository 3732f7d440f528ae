"""Alertmanager beside us: the same failing looks as alerts over its HTTP interface, and what it sends on."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil
import requests

from bench.storm.shapes import Storm
from wire.judgement import Reason

CONFIG = """
route:
  receiver: hook
  group_by: [alertname, job]
  group_wait: 5s
  group_interval: 10s
  repeat_interval: 4h
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [alertname, instance]
receivers:
  - name: hook
    webhook_configs:
      - {url: "http://127.0.0.1:%d/", send_resolved: true, max_alerts: 0}
"""
AT_ONCE = 500
"""Alerts in one request: Prometheus sends no more than 64, which would cost it more."""
SETTLED = 30.0
"""Seconds after the last alert: by then every group was sent, and sent again with what came later."""


class Peer(NamedTuple):
    """What the storm cost Alertmanager: CPU seconds, MiB of growth, and what came out of it."""

    cpu: float
    grown: float
    notifications: int
    groups: int


class _Hook(ThreadingHTTPServer):
    """Counts what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.groups: list[str] = []


class _Receiver(BaseHTTPRequestHandler):
    server: _Hook

    def do_POST(self) -> None:  # the name is the library's
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.groups.append(msgspec.json.decode(body, type=dict)["groupKey"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def notify(storm: Storm) -> Peer:
    """Raises OSError where the Debian package prometheus-alertmanager is missing."""
    hook = _Hook()
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    try:
        with _running(hook.server_address[1]) as (process, url):
            cpu, resident = _cpu(process), process.memory_info().rss
            most = resident
            alerts = list(_alerts(storm))
            for start in range(0, len(alerts), AT_ONCE):
                sent = requests.post(f"{url}/api/v2/alerts", json=alerts[start : start + AT_ONCE], timeout=60)
                sent.raise_for_status()
                most = max(most, process.memory_info().rss)
            until = time.monotonic() + SETTLED
            while time.monotonic() < until:
                time.sleep(0.5)
                most = max(most, process.memory_info().rss)
            grown = (most - resident) / 2**20
            return Peer(_cpu(process) - cpu, grown, len(hook.groups), len(set(hook.groups)))
    finally:
        hook.shutdown()
        hook.server_close()


def _alerts(storm: Storm) -> Iterator[dict[str, dict[str, str]]]:
    """Named, as in the well-known rule sets, after what is looked at."""
    for host in storm.hosts:
        if host.cut_off:
            yield _alert("InstanceDown", "agent", host.name, "critical")
        for look in host.looks:
            if look.fails is not Reason.OK:
                yield _alert(
                    look.signal, look.signal.partition(".")[0], f"{host.name} {look.subject}", "warning"
                )


def _alert(name: str, job: str, instance: str, severity: str) -> dict[str, dict[str, str]]:
    return {
        "labels": {"alertname": name, "job": job, "instance": instance, "severity": severity},
        "annotations": {"summary": f"{name} on {instance}"},
    }


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


@contextmanager
def _running(hook: int) -> Iterator[tuple[psutil.Process, str]]:
    with tempfile.TemporaryDirectory(prefix="alertmanager-") as folder:
        config = Path(folder) / "alertmanager.yml"
        config.write_text(CONFIG % hook)
        yield from _serving(config)


def _serving(config: Path) -> Iterator[tuple[psutil.Process, str]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [
        "prometheus-alertmanager",
        f"--config.file={config}",
        f"--storage.path={config.parent}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            _await(f"http://{address}/-/ready")
            yield psutil.Process(child.pid), f"http://{address}"
        finally:
            child.terminate()
            child.wait(20)


def _await(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.ConnectionError:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)
