"""Reads one HTTP/1.1 answer with a bound on every part of it (RFC 9112)."""

from __future__ import annotations

from dataclasses import dataclass, field

from probes.connections.talk import Talk

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

    async def read_body(self, talk: Talk) -> None:
        """Reads at most ``MOST`` bytes. Raises IncompleteReadError when the other end closed early."""
        if self.headers.get("transfer-encoding", "").lower().endswith("chunked"):
            self.body = await self._chunks(talk)
        elif (length := self.headers.get("content-length", "")).isdigit() and len(length) < 16:
            self.cut = int(length) > MOST
            self.body = await talk.exactly(min(int(length), MOST))
        else:
            self.body = await self._rest(talk)

    async def _rest(self, talk: Talk) -> bytes:
        parts: list[bytes] = []
        left = MOST
        while left > 0 and (part := await talk.some(left)):
            parts.append(part)
            left -= len(part)
        self.cut = left <= 0
        return b"".join(parts)

    async def _chunks(self, talk: Talk) -> bytes:
        body = b""
        while len(body) < MOST:
            line = await talk.until(b"\n", MOST)
            size = int(line.split(b";")[0].strip() or b"0", 16)
            if size <= 0:
                return body
            body += await talk.exactly(min(size, MOST - len(body)))
            if len(body) < MOST:
                await talk.exactly(2)
        self.cut = True
        return body


async def read_answer(talk: Talk) -> Answer:
    """The head of the final answer. Raises ValueError for what is not HTTP."""
    while True:
        head = await talk.until(b"\r\n\r\n", MOST)
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
