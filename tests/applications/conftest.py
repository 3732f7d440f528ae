"""Real servers of this machine, each on ports of its own, ended with the test."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import randrange
from threading import Thread
from typing import Any

import pytest

from collectors.clients.declared import OPTION, Declared
from collectors.clients.local import local_services
from collectors.host import Host
from collectors.services.listening import KNOWN
from rules.catalogue import load_catalogue
from wire import entity
from wire.codec import decode, encode
from wire.judgement import Judgement, Reason, Verdict

SIGNALS = load_catalogue().signals


def free_port() -> int:
    """One below those that the kernel gives away: a listener there is no service."""
    while True:
        port = randrange(18_000, 30_000)
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


def needs(program: str) -> str:
    """Its path."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin")]
    for place in places:
        if (place / program).exists():
            return str(place / program)
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not found:
        pytest.skip(f"{program} is not installed")
    return found


def wait_for(ready: Callable[[], bool], what: str, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if ready():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come up")


def listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def launching() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """What starts a server and waits for its port; all are ended with the context."""
    children: list[subprocess.Popen[bytes]] = []

    def start(*argv: str, port: int, seconds: float = 120, **how: Any) -> subprocess.Popen[bytes]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # Apache ends the whole group that it is part of.
        child = subprocess.Popen(argv, start_new_session=True, **quiet, **how)
        children.append(child)
        wait_for(lambda: listens(port), argv[0], seconds)
        return child

    try:
        yield start
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)


@pytest.fixture
def launch() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    with launching() as start:
        yield start


@pytest.fixture
def box() -> Host:
    return machine()


def machine(**declared: Any) -> Host:
    """This machine, with something declared of its applications."""
    return Host("box", options={OPTION: encode(Declared(**declared)).decode()})


def name_at(host: Host, port: int) -> str:
    """The service that listens there."""
    host.cached("applications", -1.0, list)
    host.shared.forget(KNOWN)  # what was started since is seen too
    return next(one.name for one in local_services(host) for door in one.doors if door.port == port)


def look(unit: Any, host: Host, port: int) -> dict[str, Judgement]:
    """What the collector says of the service on this port, by signal; all of it may travel."""
    subject = entity.service(host.name, name_at(host, port))
    return by_signal(unit, [one for one in unit.read(host) if one.subject == subject])


def by_signal(unit: Any, judgements: list[Judgement]) -> dict[str, Judgement]:
    for one in judgements:
        assert decode(encode(one), Judgement) == one
        assert one.signal in unit.COLLECTOR.signals
        if one.verdict in {Verdict.WARN, Verdict.FAIL}:
            assert one.reason in SIGNALS[one.signal].outcomes
    return {one.signal: one for one in judgements}


def troubles(found: dict[str, Judgement]) -> dict[str, Reason]:
    return {signal: one.reason for signal, one in found.items() if one.verdict is not Verdict.PASS}


class Web:
    """A real HTTP server that gives recorded answers: path → (status, content)."""

    def __init__(self, port: int) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.seen: list[dict[str, str]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.seen.append(dict(self.headers))
                status, content = web.answers.get(self.path, (404, b"not found"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with suppress(ConnectionError):  # a health check may not wait for it
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.port = port
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web(free_port())
    yield server
    server.close()
