"""Asks a local HTTP service for one page, over TCP or a Unix socket (RFC 9112)."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import time

import msgspec

from collectors.clients.stream import Where

SECONDS = 3.0
MOST = 8 * 1024 * 1024
_CHUNK = 65_536


class Page(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    cut: bool = False
    """It went on after what was read."""


class _Connection(http.client.HTTPConnection):
    """To ``where``; what is asked on this machine may show any certificate, none of its words are secret."""

    def __init__(self, where: Where, *, tls: bool) -> None:
        name, port = ("localhost", 80) if isinstance(where, str) else where
        super().__init__(name, port, timeout=SECONDS)
        self._path, self._tls = where if isinstance(where, str) else "", tls

    def connect(self) -> None:
        if self._path:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            self.sock.settimeout(SECONDS)
            self.sock.connect(self._path)
            return
        super().connect()
        if self._tls:
            self.sock = _careless().wrap_socket(self.sock, server_hostname=self.host)


def fetch(where: Where, path: str, *, tls: bool = False, login: tuple[str, str] | None = None) -> Page:
    """Raises OSError, EOFError for a connection that breaks off, ValueError for what is not HTTP."""
    connection = _Connection(where, tls=tls)
    try:
        return page(connection, path, time.monotonic() + SECONDS, login)
    finally:
        connection.close()


def page(
    connection: http.client.HTTPConnection,
    path: str,
    deadline: float,
    login: tuple[str, str] | None = None,
) -> Page:
    """One page over this connection, by ``deadline`` on the monotonic clock. Raises as ``fetch`` does."""
    headers = {"User-Agent": "rootward", "Accept": "*/*", "Accept-Encoding": "identity"}
    if login is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = bytearray()
        while len(body) < MOST and (chunk := answer.read1(_CHUNK)):
            body += chunk
            if time.monotonic() > deadline:
                raise TimeoutError("the answer does not end")
        answer.close()  # else the connection takes no further question
        return Page(answer.status, bytes(body[:MOST]), len(body) >= MOST)
    except (http.client.RemoteDisconnected, http.client.IncompleteRead) as error:
        raise EOFError(str(error)) from None
    except http.client.HTTPException as error:
        raise ValueError(f"not HTTP: {error!r}") from None


_contexts: list[ssl.SSLContext] = []


def _careless() -> ssl.SSLContext:
    """One for all: each costs more than a megabyte."""
    if not _contexts:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        _contexts.append(context)
    return _contexts[0]
