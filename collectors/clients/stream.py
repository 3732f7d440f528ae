"""One short conversation with a local service, bounded in time and size."""

from __future__ import annotations

import socket
import time
from typing import Self

MOST = 1024 * 1024
_CHUNK = 65_536
Where = str | tuple[str, int]
"""Path of a Unix socket, or address and port."""


class Session:
    """A conversation in a protocol of its own; ends with its stream."""

    _stream: Stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stream.__exit__()


class Stream:
    """Connected; every read and write together must end before the deadline."""

    def __init__(self, where: Where, seconds: float) -> None:
        """Raises OSError, TimeoutError among them."""
        self._deadline = time.monotonic() + seconds
        self._heard = bytearray()
        if isinstance(where, str):
            self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            target: str | tuple[str, int] = where
        else:
            family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
            self._sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            target = where
        try:
            self._wait()
            self._sock.connect(target)
        except BaseException:
            self._sock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def send(self, data: bytes) -> None:
        self._wait()
        self._sock.sendall(data)

    def exactly(self, count: int) -> bytes:
        """Raises EOFError when the other end closes first, ValueError beyond what is sane."""
        if not 0 <= count <= MOST:
            raise ValueError(f"an announced length of {count} bytes")
        while len(self._heard) < count:
            self._hear()
        taken = bytes(self._heard[:count])
        del self._heard[:count]
        return taken

    def line(self, end: bytes = b"\r\n") -> bytes:
        """Without its end."""
        while (at := self._heard.find(end)) < 0:
            if len(self._heard) > _CHUNK:
                raise ValueError("a line without end")
            self._hear()
        return self.exactly(at + len(end))[: -len(end)]

    def rest(self) -> bytes:
        """All that comes until the other end closes, cut at ``MOST``."""
        try:
            while len(self._heard) < MOST:
                self._hear()
        except EOFError:
            pass
        return self.exactly(min(len(self._heard), MOST))

    def _hear(self) -> None:
        self._wait()
        data = self._sock.recv(_CHUNK)
        if not data:
            raise EOFError("the other end closed the connection")
        self._heard += data

    def _wait(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._sock.settimeout(left)
