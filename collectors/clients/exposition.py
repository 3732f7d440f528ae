"""Reads the Prometheus text format, and of it only the metrics that somebody wants."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import msgspec

_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s+([^\s#]+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_.]*)\s*=\s*"((?:[^"\\]|\\.)*)"')
_ESCAPED = {"n": "\n", "\\": "\\", '"': '"'}
_BACKSLASH = re.compile(r"\\(.)")
MOST_SERIES = 20_000
LONGEST_LINE = 8_192


class Series(msgspec.Struct, frozen=True, gc=False):
    """One line."""

    name: str
    labels: dict[str, str]
    value: float


def series(content: bytes, wanted: AbstractSet[str]) -> Iterator[Series]:
    """Lines that cannot be read and values that are no numbers are passed over."""
    count = 0
    for raw in content.split(b"\n"):
        if not raw.strip() or raw.startswith(b"#") or len(raw) > LONGEST_LINE or not _wanted(raw, wanted):
            continue
        found = _LINE.match(raw.decode("utf-8", "replace").strip())
        value = _number(found.group(3)) if found else None
        if found is None or value is None:
            continue
        count += 1
        if count > MOST_SERIES:
            return
        labels = {name: _plain(text) for name, text in _LABEL.findall(found.group(2) or "")}
        yield Series(found.group(1), labels, value)


def _wanted(raw: bytes, wanted: AbstractSet[str]) -> bool:
    """Most lines are thrown away by their first word."""
    end = raw.find(b"{")
    name = raw[:end] if end >= 0 else raw.split(None, 1)[0]
    return name.strip().decode("ascii", "replace") in wanted


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _plain(text: str) -> str:
    return _BACKSLASH.sub(lambda found: _ESCAPED.get(found.group(1), found.group(1)), text)
