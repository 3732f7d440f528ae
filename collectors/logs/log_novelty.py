"""Which loud lines of a source are of a kind that this host never wrote before.

For a day a source only teaches. The shapes of its loud lines (rules/matching/shape.py) are kept over restarts
as hashes; those not seen for longest make room. Of a flood only the beginning is looked at, so many bytes a
second.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

import msgspec

from collectors.host import Host
from collectors.logs.log_window import LINE_READ
from rules.matching.entities import program_of
from rules.matching.plan import SAME_DIGITS
from rules.matching.shape import LONGEST, LOUD, Shape, shape_of

OPTION = "log.novelty"
MEMORY = "log.shapes"
LEARNING = 86_400.0
"""Seconds: what runs once a day has run."""
KEPT = 2048
"""Hashes of one source, about two a shape."""
PER_SECOND, BURST = 16 * 1024, 256 * 1024
"""Bytes."""
REPEATED = 256
"""Lines, but for their digits, that are known without being taken apart again; then all are forgotten."""
GAP = 20.0
"""Seconds between two new lines that are told."""


class NewLine(msgspec.Struct, frozen=True):
    """A line of a kind never seen before, and who wrote it where somebody knows."""

    line: bytes
    program: str
    file: str = ""
    not_told: int = 0
    """Others since the last one told."""


class Shapes:
    """The kinds that were seen last. ``remembered`` outlives the process, as plain JSON."""

    def __init__(self, remembered: MutableMapping[str, Any], now: float) -> None:
        self._remembered = remembered
        began = remembered.setdefault("began", now)
        self.began = float(began) if isinstance(began, (int, float)) else now
        self._known: dict[int, None] = dict.fromkeys(_unpack(remembered.get("shapes")))
        self._changed = False

    def learn(self, shape: Shape) -> bool:
        """Whether it was unknown."""
        unknown = all(part not in self._known for part in shape)
        for part in shape:
            if part in self._known:
                del self._known[part]
            else:
                self._changed = True
            self._known[part] = None
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return unknown

    def keep(self) -> None:
        if self._changed:
            packed = struct.pack(f"<{len(self._known)}Q", *self._known)
            self._remembered["shapes"] = base64.b64encode(packed).decode()
            self._changed = False


class Novelty:
    """Of one source. ``explained``: whether a signature says already what a line means."""

    def __init__(self, host: Host, source: str, explained: Callable[[bytes], bool]) -> None:
        self._host = host
        self._shapes = Shapes(host.remembered.setdefault(f"{MEMORY}.{source}", {}), host.clock())
        self._explained = explained
        self._bytes = float(BURST)
        self._filled_at = host.ticks()
        self._repeated: set[bytes] = set()
        self._told_at = float("-inf")
        self._held: NewLine | None = None

    def read(
        self, block: bytes, author: Callable[[int], str] | None, file: str, urgent: Iterable[int]
    ) -> Iterator[NewLine]:
        """``urgent``: where lines begin whose source gives them the priority of a warning or worse."""
        head = self._affordable(block)
        if not head:
            return
        for start in _loud(head, urgent):
            stop = head.find(b"\n", start)
            line = head[start : min(len(head) if stop < 0 else stop, start + LINE_READ)]
            if self._repeats(line):
                continue
            program = program_of(line) or (author(start) if author else "")
            shape = shape_of(line, program)
            if shape and self._shapes.learn(shape) and self._counts(line):
                new = self._tell(NewLine(line, program, file))
                if new is not None:
                    yield new

    def due(self) -> Iterator[NewLine]:
        """The first of those that were held back; to be called now and then."""
        self._shapes.keep()
        if self._held is not None and self._host.ticks() - self._told_at >= GAP:
            held, self._held = self._held, None
            self._told_at = self._host.ticks()
            yield held

    def _repeats(self, line: bytes) -> bool:
        """Whether it differs in digits alone from one that was taken apart just now."""
        same = line[:LONGEST].translate(SAME_DIGITS)
        if same in self._repeated:
            return True
        if len(self._repeated) >= REPEATED:
            self._repeated.clear()
        self._repeated.add(same)
        return False

    def _affordable(self, block: bytes) -> bytes:
        """As many whole lines from its beginning as may be looked at now."""
        now = self._host.ticks()
        self._bytes = min(BURST, self._bytes + (now - self._filled_at) * PER_SECOND)
        self._filled_at = now
        head = block
        if len(block) > self._bytes:
            head = block[: block.rfind(b"\n", 0, int(self._bytes)) + 1]
        self._bytes -= len(head)
        return head

    def _counts(self, line: bytes) -> bool:
        learnt = self._host.clock() - self._shapes.began >= LEARNING
        return learnt and not self._explained(line)

    def _tell(self, new: NewLine) -> NewLine | None:
        now = self._host.ticks()
        if self._held is None and now - self._told_at >= GAP:
            self._told_at = now
            return new
        if self._held is None:
            self._held = new
        else:
            self._held = msgspec.structs.replace(self._held, not_told=self._held.not_told + 1)
        return None


def _loud(head: bytes, urgent: Iterable[int]) -> list[int]:
    """Where the loud lines begin, in their order."""
    starts = {start for start in urgent if start < len(head)}
    stop = -1
    for found in LOUD.finditer(head):
        if found.start() > stop:
            starts.add(head.rfind(b"\n", 0, found.start()) + 1)
            stop = head.find(b"\n", found.start())
            if stop < 0:
                break
    return sorted(starts)


def _unpack(packed: object) -> tuple[int, ...]:
    """Nothing where what was remembered is damaged: the source then teaches anew what it says."""
    if not isinstance(packed, str):
        return ()
    try:
        content = base64.b64decode(packed, validate=True)
        return struct.unpack(f"<{len(content) // 8}Q", content)[-KEPT:]
    except (binascii.Error, struct.error, ValueError):
        return ()
