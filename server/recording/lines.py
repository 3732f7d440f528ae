"""The format of a recording, one JSON document per line (docs/recordings.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO, Annotated, Literal

import msgspec

from rules.diagnosis import Key
from rules.topology import Site
from server.desk.maintenance import Window
from server.known_agent import Saved
from wire.exchange import Batch, Count, HostName, Task
from wire.observation import Moment

MAX_LINE = 64 * 1024 * 1024
"""Bytes of one line, at most: the whole state of one agent with many thousand looks."""
_NOT_PLAIN = re.compile("[^\x20-\x7e]")


class BadRecording(Exception):
    """The file is no recording, or not a whole one; the text says where."""


class _Line(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="line",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """Times are seconds since 1970-01-01 UTC, by the server's clock."""


class Head(_Line, frozen=True, kw_only=True, tag="head"):
    """The first line."""

    format: Literal["rootward-recording"]
    version: Literal[1]
    begins: Moment
    ends: Moment
    started_at: Moment
    """When the server had been started."""
    server_host: Annotated[str, msgspec.Meta(max_length=253)] = ""


class Declared(_Line, frozen=True, kw_only=True, tag="declared"):
    """The site was declared so."""

    at: Moment
    site: Site


class Planned(_Line, frozen=True, kw_only=True, tag="planned"):
    """A maintenance window, from the moment at which it was made known."""

    at: Moment
    window: Window


class Known(_Line, frozen=True, kw_only=True, tag="known"):
    """All that was known of one agent when the recording begins."""

    agent: Saved


class Said(_Line, frozen=True, kw_only=True, tag="said"):
    """A batch, as it was received: observations, heartbeat, inventory, refusals."""

    at: Moment
    batch: Batch


class Asked(_Line, frozen=True, kw_only=True, tag="asked"):
    """A test of a drill-down was handed to the agent of a host; its answer is in what that agent said."""

    at: Moment
    host: HostName
    task: Task


class HungUp(_Line, frozen=True, kw_only=True, tag="hung_up"):
    """A host closed the connection on which its agent waited."""

    at: Moment
    host: HostName


class Ended(_Line, frozen=True, kw_only=True, tag="ended"):
    """A ticket was resolved shortly before the beginning: what these looks showed then belongs to it."""

    at: Moment
    looks: tuple[Key, ...]


class End(_Line, frozen=True, kw_only=True, tag="end"):
    """The last line, by which a whole recording is told from one that was cut off."""

    lines: Count
    """How many stand before it."""


Line = Head | Known | Ended | Declared | Planned | Said | Asked | HungUp | End
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def encode_line(line: Line) -> bytes:
    return plain(msgspec.json.encode(line).decode()).encode("ascii") + b"\n"


def plain(json: str) -> str:
    """The same document in ASCII alone: what a host sent can steer no terminal that shows it."""
    return _NOT_PLAIN.sub(_escaped, json)


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def written(lines: Iterable[Line]) -> Iterator[bytes]:
    """The lines of a file, the one that ends it included."""
    count = 0
    for line in lines:
        count += 1
        yield encode_line(line)
    yield encode_line(End(lines=count))


def read_lines(file: IO[bytes]) -> Iterator[Line]:
    """All lines but the last, one at a time. Raises BadRecording, naming the line."""
    number, ended = 0, False
    while text := file.readline(MAX_LINE + 1):
        number += 1
        line = _decoded(text, number)
        if ended or (number == 1) != isinstance(line, Head):
            raise BadRecording(f"line {number}: a recording has one head, first, and one end, last")
        if isinstance(line, End):
            ended = True
            if line.lines != number - 1:
                raise BadRecording(f"line {number}: {line.lines} lines should stand before the end")
            continue
        yield line
    if not ended:
        raise BadRecording(f"line {number + 1}: the end is missing; the recording was cut off")


def _decoded(text: bytes, number: int) -> Line:
    if len(text) > MAX_LINE:
        raise BadRecording(f"line {number}: longer than {MAX_LINE} bytes")
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRecording(f"line {number}: {error}") from None
