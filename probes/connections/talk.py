"""One connection, spoken over as it is or under TLS; its socket is ours alone, and closed when we say so.

A transport of asyncio may outlive a handshake that was broken off: its descriptor would be closed beneath it,
and the next socket to get that number could not be used (besides, it costs twice as much).
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
_CHUNK = 16 * 1024


class Talk:
    """Over a connected non-blocking socket, which it takes over."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._heard = bytearray()

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._sock, data)

    async def receive(self) -> bytes:
        """Some bytes; none at the end."""
        return await self._loop.sock_recv(self._sock, _CHUNK)

    async def until(self, end: bytes, most: int) -> bytes:
        """Up to and with ``end``. Raises ValueError beyond ``most`` bytes, IncompleteReadError."""
        while (at := self._heard.find(end)) < 0:
            if len(self._heard) > most:
                raise ValueError(f"more than {most} bytes without {end!r}")
            await self._hear_more()
        return self._take(at + len(end))

    async def exactly(self, count: int) -> bytes:
        """Raises IncompleteReadError."""
        while len(self._heard) < count:
            await self._hear_more()
        return self._take(count)

    async def some(self, most: int) -> bytes:
        """At most so many; none at the end."""
        if not self._heard:
            self._heard += await self.receive()
        return self._take(most)

    def close(self) -> None:
        """At once: a farewell would wait for an answer that nobody needs."""
        self._sock.close()

    async def _hear_more(self) -> None:
        data = await self.receive()
        if not data:
            raise asyncio.IncompleteReadError(bytes(self._heard), None)
        self._heard += data

    def _take(self, count: int) -> bytes:
        taken = bytes(self._heard[:count])
        del self._heard[:count]
        return taken


class SecureTalk(Talk):
    """The same under TLS, after ``shake``."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, server_name: str) -> None:
        super().__init__(sock)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    async def shake(self) -> None:
        """Raises ssl.SSLError, and OSError as sockets do."""
        try:
            await self._drive(self.session.do_handshake)
        except ssl.SSLEOFError:
            raise ConnectionResetError(errno.ECONNRESET, "closed during the handshake") from None

    async def send(self, data: bytes) -> None:
        await self._drive(lambda: self.session.write(data))

    async def receive(self) -> bytes:
        try:
            return await self._drive(lambda: self.session.read(_CHUNK))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""

    async def _drive(self, step: Callable[[], T]) -> T:
        """Carries bytes between the socket and the library until the step is through."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._loop.sock_recv(self._sock, _CHUNK)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            except ssl.SSLError:
                with suppress(OSError):
                    self._sock.send(self._outgoing.read())  # the alert that says why
                raise
            else:
                await self._flush()
                return result

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            await self._loop.sock_sendall(self._sock, data)
