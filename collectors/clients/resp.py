"""Speaks just enough of the Redis protocol to ask and read one answer (RESP2)."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.clients.answer import Busy, Full, NotPermitted, Refused
from collectors.clients.stream import Stream

GRANT = (
    "a [[applications.login]] with service and secret_file (0600); in Redis: "
    "ACL SETUSER rootward on >… +info +ping"
)
DENIED = ("NOAUTH", "WRONGPASS", "NOPERM", "DENIED", "ERR invalid password", "ERR operation not permitted")
DEEPEST = 4
Value = str | int | list["Value"] | None


def command(stream: Stream, words: Sequence[str]) -> Value:
    """Raises NotPermitted, Refused for an error of its own, ValueError for what is no RESP."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word.encode()
        parts.append(f"${len(data)}\r\n".encode() + data + b"\r\n")
    stream.send(b"".join(parts))
    return read(stream)


def read(stream: Stream, depth: int = 0) -> Value:
    kind, text = _split(stream.line())
    match kind:
        case "+":
            return text
        case ":":
            return int(text)
        case "$":
            length = int(text)
            return None if length < 0 else stream.exactly(length + 2)[:-2].decode("utf-8", "replace")
        case "*":
            if depth >= DEEPEST or int(text) > 4096:
                raise ValueError("an answer out of all proportion")
            return [read(stream, depth + 1) for _ in range(int(text))]
        case "-":
            raise _error(text)
    raise ValueError(f"no RESP: {kind!r}")


def fields(text: str) -> dict[str, str]:
    """``name:value`` lines, as INFO and CLUSTER INFO give them; headings are left out."""
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name: value.strip() for name, colon, value in pairs if colon}


def _split(line: bytes) -> tuple[str, str]:
    text = line.decode("utf-8", "replace")
    return text[:1], text[1:]


def _error(text: str) -> Exception:
    if text.startswith(DENIED):
        return NotPermitted(GRANT, text)
    if "max number of clients" in text:
        return Full(text)
    if text.startswith("BUSY "):
        return Busy(text)
    return Refused(text)
