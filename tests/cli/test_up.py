"""``rootward up`` as a person runs it: first ticket, proof, clean end; with a real service."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

READY = 240.0
KNOWN = 240.0
TOLD = 200.0


def free_port() -> int:
    """Below the ephemeral range: a listener there is no service that anybody would look for."""
    for port in range(18470, 19470):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def until(what: Callable[[], Any], seconds: float) -> Any:
    """The first true answer. Fails after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:.0f} s: {what.__name__}")


class Up:
    """A running ``rootward up`` with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir()
        (home / "agent.toml").write_text('metrics = ""\n')
        self.environment = {
            **os.environ,
            "ROOTWARD_HOME": str(home),
            "ROOTWARD_LISTEN": f"127.0.0.1:{free_port()}",
        }
        self.output = home / "up.out"
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "up"],
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        until(lambda: "is up at" in self.output.read_text(), READY)

    def rootward(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tickets(self, entity: str) -> list[dict[str, Any]]:
        return [each for each in json.loads(self.rootward("tickets", "--json")) if each["entity"] == entity]

    def watched(self, name: str) -> bool:
        """The agent keeps what it watches in its home."""
        remembered = self.home / "agent" / "remembered.json"
        return remembered.exists() and name in remembered.read_text()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path / "home")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


class Service:
    """A web server that a person starts by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "http.server", str(self.port), "--bind", "127.0.0.1"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.mark.timeout(1200)
def test_a_stopped_service_is_one_ticket_with_a_report_and_its_return_resolves_it(
    up: Up, tmp_path: Path
) -> None:
    service = Service(tmp_path)
    try:
        until(lambda: up.watched("http.server"), KNOWN)
        service.stop()
        entity = f"service:{socket.gethostname()}/http.server"
        (ticket,) = until(lambda: up.tickets(entity), TOLD)
        assert (ticket["fault"], ticket["domain"]) == ("svc.process.down", "software")
        assert entity in up.rootward("report", ticket["id"])
        service.start()
        resolved = until(
            lambda: [each for each in up.tickets(entity) if each["status"] == "resolved"], 2 * TOLD
        )
        assert [each["id"] for each in resolved] == [ticket["id"]]
    finally:
        service.stop()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(100) == 0
