"""A small shop: answers over HTTP from PostgreSQL. Run by itself on a lab host; standard library only.

A file in /run/shopd makes it a bad release: ``bug`` makes every page raise, ``crash`` ends it soon after its
start, ``leak`` takes more and more memory, ``slow`` makes each page take seconds, ``empty`` shows none,
and a ``strict`` one ends when its database does not answer at its start.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import logging
import os
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SWITCHES = Path("/run/shopd")
PR_SET_NAME = 15
PATIENCE = 5.0
SLOW = 3.5
SECRET = Path("/etc/shopd/secret")
ASKED_FOR_PASSWORD = struct.pack("!i", 3)
LEAK = 8 * 1024 * 1024
log = logging.getLogger("shopd")


class DatabaseError(Exception):
    """The database could not be reached, or refused."""


class Database:
    """One kept connection that speaks the simple query protocol of PostgreSQL, version 3."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def ask(self, query: str) -> str:
        """The first column of the first row. Connects again once if the kept connection has died."""
        with self._lock:
            fresh = self._socket is None
            try:
                return self._ask(query)
            except (OSError, DatabaseError):
                self._close()
                if fresh:
                    raise
                return self._ask(query)

    def _ask(self, query: str) -> str:
        if self._socket is None:
            self._connect()
        self._send(b"Q", query.encode() + b"\0")
        value = ""
        while (message := self._receive())[0] != b"Z":
            kind, body = message
            if kind == b"E":
                raise DatabaseError(body.replace(b"\0", b" ").decode(errors="replace"))
            if kind == b"D":
                (length,) = struct.unpack_from("!i", body, 2)
                value = body[6 : 6 + length].decode()
        return value

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=PATIENCE)
        hello = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
        self._socket.sendall(struct.pack("!i", len(hello) + 4) + hello)
        while (message := self._receive())[0] != b"Z":
            if message == (b"R", ASKED_FOR_PASSWORD):
                self._send(b"p", SECRET.read_bytes().strip() + b"\0")
            if message[0] == b"E":
                raise DatabaseError(message[1].replace(b"\0", b" ").decode(errors="replace"))

    def _send(self, kind: bytes, body: bytes) -> None:
        if self._socket:
            self._socket.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def _receive(self) -> tuple[bytes, bytes]:
        head = self._exactly(5)
        return head[:1], self._exactly(struct.unpack("!i", head[1:])[0] - 4)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            chunk = self._socket.recv(count - len(data)) if self._socket else b""
            if not chunk:
                raise DatabaseError("the database closed the connection")
            data += chunk
        return data

    def _close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None


class Shop(BaseHTTPRequestHandler):
    """Every page tells how much is in stock."""

    protocol_version = "HTTP/1.1"
    database: Database

    def do_GET(self) -> None:
        try:
            status, text = 200, self.page()
        except (OSError, DatabaseError) as error:
            log.error("ERROR could not read from the database: %s", error)  # noqa: TRY400  no trace: not our bug
            status, text = 500, "the database does not answer\n"
        except Exception:  # the process must outlive a bug in a page
            log.exception("ERROR unhandled exception while serving %s", self.path)
            status, text = 500, "internal error\n"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page(self) -> str:
        if (SWITCHES / "bug").exists():
            prices: dict[str, int] = {}
            return f"total {prices['basket']}\n"
        if (SWITCHES / "empty").exists():
            return "This site is under construction.\n"
        if (SWITCHES / "slow").exists():
            time.sleep(SLOW)
        stock = self.database.ask("SELECT count(*) FROM items")
        return f"shop: {stock} items in stock\n"

    def log_message(self, *_: object) -> None:
        """Good answers are not worth a line."""


def misbehave_if_told() -> None:
    time.sleep(1)
    hoard: list[bytes] = []
    while (SWITCHES / "leak").exists():
        hoard.append(b"x" * LEAK)
        time.sleep(0.25)
    if (SWITCHES / "crash").exists():
        log.critical("FATAL cannot allocate the price table, giving up")
        os._exit(1)


def insist_if_told() -> None:
    """As programs do that open their pool of connections before anything else."""
    if (SWITCHES / "strict").exists():
        try:
            Shop.database.ask("SELECT 1")
        except (OSError, DatabaseError) as error:
            log.critical("FATAL the database is not reachable at start: %s; giving up", error)
            raise SystemExit(1) from None


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--database", default="")
    chosen = options.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"shopd", 0, 0, 0)
    SWITCHES.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(format="%(asctime)s shopd: %(message)s")
    threading.Thread(target=misbehave_if_told, daemon=True).start()
    Shop.database = Database(chosen.database, 5432)
    insist_if_told()
    with contextlib.suppress(KeyboardInterrupt):
        ThreadingHTTPServer(("0.0.0.0", chosen.port), Shop).serve_forever()


if __name__ == "__main__":
    main()
