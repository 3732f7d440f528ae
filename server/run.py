"""Runs the server in the foreground: one process per home, a clean end on the first signal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import structlog
import uvicorn

from server import tls
from server.app import App, compose
from server.auth.operators import FIRST_OPERATOR, first_password
from server.config import Address, Config
from server.garbage import spare_collector
from server.journal import open_journal
from server.patience import PatientProtocol

GRACE = 5
"""Seconds that requests get to end after the signal."""
SWITCH_INTERVAL = 0.0005
"""Seconds (Python's default: 0.005) that a busy diagnosis may keep the event loop or the writer waiting.
A batch needs loop, writer and loop again, each of which waits for its turn."""
RENEWAL_LOOK = 12 * 3600.0
"""Seconds between two looks at the age of our own certificate."""
_log = structlog.get_logger("server")
BACKLOG = 2048


class CannotRun(Exception):
    """Why the server does not start, and what to do."""


def run_server(config: Config) -> int:
    """Returns when asked to end. Raises CannotRun."""
    os.umask(0o077)
    config.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    open_journal(config.log_level)
    with _only_one(config.home), _listen(config.listen) as listening:
        credentials = tls.prepare(config, tls.utc_now())
        url = address(config, listening, secure=credentials is not None)
        app = compose(config, url, credentials.fingerprint if credentials else "")
        spare_collector()
        sys.setswitchinterval(SWITCH_INTERVAL)
        try:
            _welcome(app)
            _serve(app, listening, credentials)
        finally:
            app.close()
            config.address_file.unlink(missing_ok=True)
    return 0


def address(config: Config, listening: socket.socket, *, secure: bool) -> str:
    """The URL by which this machine calls the server."""
    port = listening.getsockname()[1]
    host = config.listen.host
    if host in {"0.0.0.0", "::"}:
        host = config.names[0] if config.names else socket.gethostname()
    return f"{'https' if secure else 'http'}://{Address(host=host, port=port)}"


def _welcome(app: App) -> None:
    parts = app.parts
    password = first_password(parts.database, time.time())
    if password is not None:
        print(f"Sign in as {FIRST_OPERATOR} with the password {password} (shown once)")
    print(f"Listening on {parts.url}", flush=True)
    parts.config.address_file.write_text(parts.url + "\n")


def _serve(app: App, listening: socket.socket, credentials: tls.Credentials | None) -> None:
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
        ssl_certfile=credentials.certificate if credentials else None,
        ssl_keyfile=credentials.key if credentials else None,
    )
    _Server(config, app, credentials).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends cleanly on SIGINT and SIGTERM, and at once on a second one."""

    def __init__(self, config: uvicorn.Config, app: App, credentials: tls.Credentials | None) -> None:
        super().__init__(config)
        self._parts = app.parts
        self._credentials = credentials

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._credentials is not None and self._credentials.fingerprint:
            self._renewal = asyncio.create_task(self._renew(), name="certificate")

    async def _renew(self) -> None:
        """Connections made from then on are shown the new certificate."""
        while True:
            await asyncio.sleep(RENEWAL_LOOK)
            try:
                fresh = tls.prepare(self._parts.config, tls.utc_now())
                if fresh is not None and self.config.ssl is not None:
                    self.config.ssl.load_cert_chain(fresh.certificate, fresh.key)
            except (OSError, ValueError) as error:
                _log.error("certificate not renewed", error=str(error))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike the library's: does not raise the signal again, so that a requested end is a success."""
        before = {number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self.should_exit:
            # Whatever was acknowledged is on disk.
            os._exit(128 + number)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._parts.tasks.close()
        await super().shutdown(sockets)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    with (home / "server.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(
                f"another server runs with the data in {home}; end it, or set ROOTWARD_HOME"
            ) from None
        yield


@contextmanager
def _listen(listen: Address) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        listening = socket.create_server((listen.host, listen.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotRun(f"ROOTWARD_LISTEN: cannot listen on {listen}: {error.strerror or error}") from None
    with listening:
        yield listening
