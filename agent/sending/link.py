"""The HTTP session to the server: pinned authority, no proxies from the environment, bounded answers."""

from __future__ import annotations

import gzip
import re
import socket
import ssl
import time
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import certifi
import urllib3

from agent.sending.http_library import requests
from wire.codec import Malformed, decode, encode
from wire.exchange import Ack, Batch, Enrolled, EnrollRequest, Snapshot

T = TypeVar("T")
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
PART = 65_536
MAX_ANSWER = 4 * 1024 * 1024
COMPRESS_FROM = 2_000
"""Bytes; less is not worth the work."""
SEGMENT = 536
"""Bytes of a TCP segment: with its headers it fits through any way (RFC 9293, 3.7.1), so that what an agent
says still arrives, and is answered, where larger packets vanish."""
NO_SIGN_SECONDS = 10
"""A way on which nothing was acknowledged for so long is given up: the address or the route was changed under
the connection, or a filter has forgotten it, and a new one may get through."""
ALIVE_EVERY_SECONDS = 5
"""How often the far end is asked for a sign of life while an answer is waited for."""
AT_OBSERVATION = re.compile(r"observations\[(\d+)\]")


class Unreachable(Exception):
    """No usable answer now; the same message may be sent again later."""

    def __init__(self, text: str, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Rejected(Exception):
    """The server will never take this message (4xx). ``index``: which observation is bad, -1 unknown."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        found = AT_OBSERVATION.search(text)
        self.index = int(found.group(1)) if found else -1


class Insecure(ValueError):
    """A server address over which no secret may be sent."""


class _SharedTls(requests.adapters.HTTPAdapter):
    """Small segments, dead ways given up, and one context: each connection of its own accord would load the
    authorities anew: 20 ms and a megabyte.
    """

    def __init__(self, ca: str) -> None:
        """Raises OSError for a file that cannot be read."""
        ca = ca or certifi.where()
        self._context = _context(ca, Path(ca).stat().st_mtime_ns)
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        options = [*urllib3.connection.HTTPConnection.default_socket_options, *_options()]
        super().init_poolmanager(*args, ssl_context=self._context, socket_options=options, **more)

    def cert_verify(self, *_: object) -> None:
        """The context does, always."""


def _options() -> Iterator[tuple[int, int, int]]:
    yield (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    yield (socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    yield (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, NO_SIGN_SECONDS * 1000)
    yield (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, ALIVE_EVERY_SECONDS)
    yield (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, ALIVE_EVERY_SECONDS)


@lru_cache(maxsize=2)
def _context(ca: str, _changed_at: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


class Link:
    """One session; not shared between threads. ``ca`` is the path of a PEM file, "" for the system's."""

    def __init__(self, server: str, credential: str = "", ca: str = "") -> None:
        """Raises Insecure for plain HTTP to anything but loopback."""
        check_address(server)
        self._base = server.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._ca = ca
        self._session.headers["User-Agent"] = "rootward-agent"
        if credential:
            self._session.headers["Authorization"] = f"Bearer {credential}"

    def enroll(self, request: EnrollRequest) -> Enrolled:
        return self._post("/api/v1/enroll", request, Enrolled)

    def send(self, batch: Batch) -> Ack:
        return self._post("/api/v1/batches", batch, Ack)

    def snapshot(self, snapshot: Snapshot) -> None:
        self._exchange("POST", "/api/v1/snapshots", encode(snapshot), ANSWER_SECONDS, pack=False)

    def wait_for_tasks(self, seconds: float) -> Ack:
        body = self._exchange("GET", f"/api/v1/tasks?wait={seconds:g}", b"", seconds + ANSWER_SECONDS)
        return _answer(body, Ack)

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _trust(self) -> None:
        """Raises OSError where the authority's file cannot be read."""
        if self._base.startswith("https:") and not isinstance(
            self._session.get_adapter(self._base), _SharedTls
        ):
            self._session.mount("https://", _SharedTls(self._ca))

    def _post(self, path: str, message: object, kind: type[T]) -> T:
        return _answer(self._exchange("POST", path, encode(message), ANSWER_SECONDS), kind)

    def _exchange(self, method: str, path: str, body: bytes, patience: float, *, pack: bool = True) -> bytes:
        """Raises Unreachable or Rejected."""
        headers = {"Content-Type": "application/json"}
        if pack and len(body) >= COMPRESS_FROM:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        try:
            self._trust()
            with self._session.request(
                method,
                self._base + path,
                data=body or None,
                headers=headers,
                timeout=(CONNECT_SECONDS, patience),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _content(response.raw, time.monotonic() + patience)
                status, retry_after = response.status_code, response.headers.get("Retry-After", "")
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}"[:300]) from None
        if 200 <= status < 300 and len(content) <= MAX_ANSWER:
            return content
        text = content[:2_000].decode("utf-8", "replace")
        if status in {408, 425, 429} or not 400 <= status < 500:
            raise Unreachable(f"HTTP {status}: {text[:200]}", _seconds(retry_after))
        raise Rejected(status, text)


def check_address(server: str) -> None:
    """Raises Insecure: plain HTTP carries a credential to loopback only."""
    parts = urlsplit(server)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Insecure(f"{server!r} is not an http:// or https:// address")
    if parts.username or parts.password:
        raise Insecure("the server address must not hold credentials")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise Insecure(f"plain HTTP is only for loopback; use https:// for {parts.hostname}")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _content(stream: urllib3.HTTPResponse, until: float) -> bytes:
    """At most a little more than MAX_ANSWER. Raises Unreachable for an answer that drips without an end."""
    content = bytearray()
    while len(content) <= MAX_ANSWER and (part := stream.read1(PART, decode_content=True)):
        content += part
        if time.monotonic() > until:
            raise Unreachable("the answer does not come to an end")
    return bytes(content)


def _answer(body: bytes, kind: type[T]) -> T:
    try:
        return decode(body, kind)
    except Malformed as error:
        raise Unreachable(f"the answer is no {kind.__name__}: {error}") from None


def _seconds(text: str) -> float:
    return min(300.0, float(text)) if text.isdigit() else 0.0
