"""What parsers share: hostile bytes to text, JSON and numbers, or a ValueError that says what is wrong."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import cast

import msgspec

from collectors.host import JSON

NUMBER = re.compile(r"[-+]?\d[\d,]{0,24}(?:\.\d{1,12})?")
LONGEST_LINE = 8192


def text_of(raw: bytes) -> str:
    """Lenient: what is no UTF-8 becomes U+FFFD, every line end a line feed."""
    return raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\x00", "")


def lines_of(raw: bytes) -> list[str]:
    return _cut(text_of(raw))


def _cut(text: str) -> list[str]:
    return [line[:LONGEST_LINE] for line in text.split("\n")]


def flush_lines(raw: bytes) -> list[str]:
    """Without the margin that every line has where a listing was pasted into a mail, a wiki or a program."""
    return _cut(textwrap.dedent(text_of(raw)))


def json_of(raw: bytes) -> JSON:
    """Words before and after the document are passed over. Raises ValueError for what is not JSON."""
    try:
        return msgspec.json.decode(raw.strip(b"\x00 \t\r\n"))
    except msgspec.DecodeError as error:
        document = _document(raw)
        if document is not None:
            return json_of(document)
        raise ValueError(f"not JSON: {error}") from None
    except RecursionError:
        raise ValueError("not JSON: nested too deeply") from None


def _document(raw: bytes) -> bytes | None:
    """From the first line that begins with a bracket to the last that ends with one; None for the whole."""
    lines = [line.strip() for line in raw.strip(b"\x00 \t\r\n").split(b"\n")]
    first = next((at for at, line in enumerate(lines) if line.startswith((b"{", b"["))), None)
    last = next((at for at in reversed(range(len(lines))) if lines[at].endswith((b"}", b"]"))), None)
    if first is None or last is None or not 0 < len(lines) - (last - first + 1) < len(lines):
        return None
    return b"\n".join(lines[first : last + 1])


def object_of(raw: bytes) -> dict[str, JSON]:
    """Raises ValueError for what is not one JSON object."""
    found = json_of(raw)
    if isinstance(found, dict):
        return cast("dict[str, JSON]", found)
    raise ValueError(f"not a JSON object but a {type(found).__name__}")


def at(tree: JSON, *keys: str | int) -> JSON:
    """What lies below these keys, or None where any of them is missing."""
    for key in keys:
        if isinstance(tree, dict) and isinstance(key, str):
            tree = tree.get(key)
        elif isinstance(tree, list) and isinstance(key, int) and -len(tree) <= key < len(tree):
            tree = tree[key]
        else:
            return None
    return tree


def whole(value: JSON) -> int | None:
    """An integer that can travel, from a number or from text such as ``1,234``; None for anything else."""
    found = real(value)
    return None if found is None else int(found)


def real(value: JSON) -> float | None:
    """The number, or the first one in the text; None where there is none that can travel."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        match = NUMBER.search(value[:LONGEST_LINE])
        value = float(match[0].replace(",", "")) if match else None
    if not isinstance(value, int | float) or not abs(value) <= 2**53:
        return None
    return value


def said(value: JSON, longest: int = 256) -> str:
    """Text as it stands, anything else as none."""
    return value.strip()[:longest] if isinstance(value, str) else ""


def objects(value: JSON) -> Iterator[dict[str, JSON]]:
    """The objects in a list, nothing for anything else."""
    if isinstance(value, list):
        for one in value:
            if isinstance(one, dict):
                yield one
