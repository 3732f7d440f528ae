"""A real server process on loopback, and an agent's side of the conversation with it."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from wire.codec import decode, encode
from wire.exchange import Ack, Batch, Enrolled, Heartbeat
from wire.judgement import Reason, Verdict
from wire.observation import Observation

READY_SECONDS = 240


class ServerProcess:
    """``rootward server run`` with its data in ``home``."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            "ROOTWARD_HOME": str(home),
            "ROOTWARD_LISTEN": "127.0.0.1:0",
            **environment,
        }
        self.output = home.parent / f"{home.name}.out"
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> ServerProcess:
        (self.home / "address").unlink(missing_ok=True)
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "server", "run"],
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended: {self.output.read_text()}")
            try:
                self.url = (self.home / "address").read_text().strip()
                requests.get(f"{self.url}/healthz", timeout=100, verify=self.ca).raise_for_status()
            except (FileNotFoundError, requests.RequestException):
                time.sleep(0.05)
            else:
                return self
        raise AssertionError(f"the server did not get ready: {self.output.read_text()}")

    @property
    def ca(self) -> str | bool:
        path = self.home / "tls" / "ca.pem"
        return str(path) if path.exists() else True

    @property
    def token(self) -> str:
        return (self.home / "operator.token").read_text().strip()

    @property
    def operator(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def password(self) -> str:
        return self.output.read_text().partition("with the password ")[2].split()[0]

    def get(self, path: str, **options: Any) -> requests.Response:
        options.setdefault("headers", self.operator)
        return requests.get(self.url + path, timeout=60, verify=self.ca, allow_redirects=False, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        options.setdefault("headers", self.operator)
        return requests.post(self.url + path, timeout=60, verify=self.ca, allow_redirects=False, **options)

    def delete(self, path: str) -> requests.Response:
        return requests.delete(self.url + path, headers=self.operator, timeout=60, verify=self.ca)

    def enroll(self, host: str = "web1") -> AgentSide:
        token = self.post("/api/v1/tokens", json={"host": host}).json()["token"]
        answer = self.post("/api/v1/enroll", json={"token": token, "host": host}, headers={})
        assert answer.status_code == 201, answer.text
        return AgentSide(self, host, decode(answer.content, Enrolled))

    def held(self) -> int:
        """How many requests it says that it holds."""
        lines = self.get("/metrics").text.splitlines()
        return next(
            int(float(line.split()[1])) for line in lines if line.startswith("rootward_held_requests ")
        )

    def begun(self, agent: AgentSide) -> socket.socket:
        """A connection with a request that the server waits for the rest of."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        connection = socket.create_connection((host, int(port)), timeout=60)
        head = (
            f"POST /api/v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: {agent.headers['Authorization']}\r\n"
        )
        connection.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(b"{")
        return connection

    def listens(self) -> bool:
        host, _, port = self.url.removeprefix("http://").partition(":")
        with socket.socket() as knocking:
            return knocking.connect_ex((host, int(port))) == 0

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(100)


class AgentSide:
    """What an agent says, with rising sequences."""

    def __init__(self, server: ServerProcess, host: str, enrolled: Enrolled) -> None:
        self.server = server
        self.host = host
        self.id = enrolled.agent
        self.headers = {"Authorization": f"Bearer {enrolled.credential}"}
        self._next = itertools.count(enrolled.start + 1)
        self.start = enrolled.start

    def look(self, subject: str = "", verdict: Verdict = Verdict.PASS, **fields: Any) -> Observation:
        now = time.time()
        fields.setdefault("at", now)
        fields.setdefault("since", min(now, fields["at"]))
        fields.setdefault("reason", Reason.OK if verdict is Verdict.PASS else Reason.TIMEOUT)
        fields.setdefault("signal", "net.icmp")
        fields.setdefault("seq", next(self._next))
        return Observation(subject=subject or f"host:{self.host}", verdict=verdict, **fields)

    def batch(self, *observations: Observation, **fields: Any) -> Batch:
        fields.setdefault("agent", self.id)
        fields.setdefault("sent_at", time.time())
        return Batch(observations=observations, **fields)

    def send(self, batch: Batch) -> Ack:
        answer = self.send_raw(encode(batch))
        assert answer.status_code == 200, answer.text
        return decode(answer.content, Ack)

    def send_raw(self, body: bytes, **headers: str) -> requests.Response:
        return self.server.post("/api/v1/batches", data=body, headers={**self.headers, **headers})

    def beat(self, digest: str = "0" * 16, **fields: Any) -> Heartbeat:
        fields.setdefault("interval", 3600.0)  # a test that takes long is no silence
        return Heartbeat(digest=digest, **fields)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One for all tests of a module."""
    running = ServerProcess(tmp_path_factory.mktemp("server") / "home").start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Servers of the test's own, ended with it."""
    started: list[ServerProcess] = []

    def _launch(name: str = "home", **environment: str) -> ServerProcess:
        started.append(ServerProcess(tmp_path / name, **environment).start())
        return started[-1]

    yield _launch
    for running in started:
        if running.process is not None and running.process.poll() is None:
            running.kill()


@pytest.fixture
def agent(server: ServerProcess, request: pytest.FixtureRequest) -> AgentSide:
    """Enrolled for this test."""
    return server.enroll(re.sub(r"[^a-z0-9-]+", "-", request.node.name.lower())[:60])
