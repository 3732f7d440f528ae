"""Reads one HTTP/1.1 answer with a bound on every part of it (RFC 9112)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

MOST = 64 * 1024
"""Bytes of head and of body that are read at most."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    """By lower-case name; of repeated ones the last."""
    body: bytes = b""
    cut: bool = field(default=False)
    """The body went on after what was read."""

    async def read_body(self, reader: asyncio.StreamReader) -> None:
        """Reads at most ``MOST`` bytes. Raises IncompleteReadError when the other end closed early."""
        if self.headers.get("transfer-encoding", "").lower().endswith("chunked"):
            self.body = await self._chunks(reader)
        elif (length := self.headers.get("content-length", "")).isdigit() and len(length) < 16:
            self.cut = int(length) > MOST
            self.body = await reader.readexactly(min(int(length), MOST))
        else:
            self.body = await self._rest(reader)

    async def _rest(self, reader: asyncio.StreamReader) -> bytes:
        parts: list[bytes] = []
        left = MOST
        while left > 0 and (part := await reader.read(left)):
            parts.append(part)
            left -= len(part)
        self.cut = left <= 0
        return b"".join(parts)

    async def _chunks(self, reader: asyncio.StreamReader) -> bytes:
        body = b""
        while len(body) < MOST:
            line = await reader.readuntil(b"\n")
            size = int(line.split(b";")[0].strip() or b"0", 16)
            if size <= 0:
                return body
            body += await reader.readexactly(min(size, MOST - len(body)))
            if len(body) < MOST:
                await reader.readexactly(2)
        self.cut = True
        return body


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The head of the final answer. Raises ValueError for what is not HTTP."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise ValueError("the head is larger than 64 KiB") from None
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise ValueError(f"begins with {first[:40]!r}")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
            if name
        }
        status = int(words[1])
        if status >= 200 or status == 101:
            return Answer(status, headers)
