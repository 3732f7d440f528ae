"""Bytes to messages and back, with errors that name the field."""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeVar

import msgspec

T = TypeVar("T")

_encoder = msgspec.json.Encoder(order="deterministic")


class Malformed(ValueError):
    """A message that is not what it should be; the text names the field."""


def encode(message: object) -> bytes:
    """JSON, with sorted keys, so that equal messages have equal bytes."""
    return _encoder.encode(message)


def decode(body: bytes, kind: type[T]) -> T:
    """Raises Malformed, naming the field, for anything that is not a ``kind``."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from None
    except RecursionError:
        raise Malformed("nested too deeply") from None


def fingerprint(message: object) -> str:
    """16 hexadecimal digits that differ when the messages do."""
    return blake2b(encode(message), digest_size=8).hexdigest()
