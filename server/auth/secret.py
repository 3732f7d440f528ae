"""Random secrets, and the hashes by which they are kept.

A plain SHA-256 is enough for 256 random bits; passwords, which people choose, get argon2id.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex

BYTES = 32


def new_secret() -> str:
    # Hexadecimal: a secret that begins with a dash would be taken for an option on a command line.
    return token_hex(BYTES)


def digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "replace")).digest()


def same(one: bytes, other: bytes) -> bool:
    """In a time that does not depend on where they differ."""
    return compare_digest(one, other)
