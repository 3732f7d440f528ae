"""One GET over HTTP/2 (RFC 9113): its status and the beginning of its body."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from urllib.parse import SplitResult

from probes.connections.talk import Talk
from probes.web import hpack
from probes.web.http_answer import MOST, Answer
from probes.web.http_request import credentials, resource

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _AWAY, _MORE = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7, 0x9
_ACK = _END_STREAM = 0x1
_END_HEADERS, _PADDED, _PRIORITY = 0x4, 0x8, 0x20
_TABLE_SIZE, _PUSH = 1, 2
"""Settings, both of which we set to 0."""
_LARGEST_FRAME, _WINDOW = 16_384, 65_535
"""What we allow by saying nothing."""
_MOST_FRAMES = 1024
_STREAM = 1


@dataclass(frozen=True)
class _Frame:
    kind: int
    flags: int
    stream: int
    content: bytes

    @property
    def ends(self) -> bool:
        return self.kind in (_DATA, _HEADERS) and bool(self.flags & _END_STREAM)

    def bare(self) -> bytes:
        """Without padding and priority. Raises ValueError."""
        content, padding = self.content, 0
        if self.flags & _PADDED:
            padding, content = int.from_bytes(content[:1], "big"), content[1:]
        if self.kind == _HEADERS and self.flags & _PRIORITY:
            content = content[5:]
        if padding > len(content):
            raise ValueError("more padding than content")
        return content[: len(content) - padding]


@dataclass
class _Answer(Answer):
    """Its headers are not read: that would take the whole code of Huffman."""

    ended: bool = False

    async def read_body(self, talk: Talk) -> None:
        """As much as a server may send unasked. Raises as the reading of HTTP/1.1 does."""
        heard = 0
        while not self.ended and heard < _WINDOW:
            frame = await _next(talk)
            self.ended = frame.ends
            if frame.kind == _DATA:
                heard += len(frame.content)
                self.body += frame.bare()
        self.cut = not self.ended


def get(parts: SplitResult) -> bytes:
    """All that a client has to say, with the credentials of the URL."""
    settings = b"".join(number.to_bytes(2, "big") + bytes(4) for number in (_TABLE_SIZE, _PUSH))
    fields = [
        hpack.indexed(hpack.GET),
        hpack.indexed(hpack.SCHEMES[parts.scheme]),
        hpack.field(hpack.AUTHORITY, parts.netloc.rpartition("@")[2]),
        hpack.field(hpack.PATH, resource(parts)),
        hpack.field(hpack.USER_AGENT, "rootward"),
        hpack.field(hpack.ACCEPT, "*/*"),
        hpack.field(hpack.ACCEPT_ENCODING, "identity"),
    ]
    if pair := credentials(parts):
        fields.append(hpack.field(hpack.AUTHORIZATION, pair))
    asked = _packed(_HEADERS, _END_STREAM | _END_HEADERS, _STREAM, b"".join(fields))
    return _PREFACE + _packed(_SETTINGS, 0, 0, settings) + asked


async def read_answer(talk: Talk) -> Answer:
    """The status of the final answer. Raises ValueError (not HTTP/2), IncompleteReadError, OSError."""
    while True:
        frame = await _next(talk)
        if frame.kind != _HEADERS:
            continue
        try:
            status = hpack.status_of(await _block(talk, frame))
        except IndexError:
            raise ValueError("headers that are cut short") from None
        if status >= 200:
            return _Answer(status, {}, ended=frame.ends)


async def _block(talk: Talk, frame: _Frame) -> bytes:
    block, last = frame.bare(), frame
    while not last.flags & _END_HEADERS:
        last = await _next(talk)
        if last.kind != _MORE or len(block) > MOST:
            raise ValueError("headers without an end")
        block += last.content
    return block


async def _next(talk: Talk) -> _Frame:
    """The next one of our stream; what concerns the connection is dealt with on the way."""
    for _ in range(_MOST_FRAMES):
        head = await talk.exactly(9)
        length, stream = int.from_bytes(head[:3], "big"), int.from_bytes(head[5:], "big") & 0x7FFFFFFF
        if length > _LARGEST_FRAME:
            raise ValueError(f"begins with {head!r}")
        frame = _Frame(head[3], head[4], stream, await talk.exactly(length))
        if frame.kind in (_SETTINGS, _PING) and not frame.flags & _ACK:
            await talk.send(_packed(frame.kind, _ACK, 0, frame.content if frame.kind == _PING else b""))
        elif _refuses(frame):
            raise ConnectionResetError(errno.ECONNRESET, "refused by the server")
        elif stream == _STREAM:
            return frame
    raise ValueError("frames without an answer")


def _refuses(frame: _Frame) -> bool:
    """A server that only means to close later still answers what it has begun."""
    if frame.kind == _AWAY:
        return int.from_bytes(frame.content[:4], "big") & 0x7FFFFFFF < _STREAM or any(frame.content[4:8])
    return frame.kind == _RESET and frame.stream == _STREAM


def _packed(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + content
