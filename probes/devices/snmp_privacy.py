"""What an SNMP message asks and tells, encrypted with AES (RFC 3826): for one user and one agent."""

from __future__ import annotations

import secrets
import struct

from kernel.cipher import aes_cfb

KEYS = {"aes128": 16, "aes192": 24, "aes256": 32}
"""Bytes of the key that each takes."""
SALT = 8


class Privacy:
    def __init__(self, key: bytes) -> None:
        self._key = key
        self._next = secrets.randbits(64)

    def sealed(self, content: bytes, boots: int, age: int) -> tuple[bytes, bytes]:
        """What to send, and its salt: no two messages may have the same."""
        self._next = (self._next + 1) % 2**64
        salt = self._next.to_bytes(SALT, "big")
        return aes_cfb(self._key, _start(boots, age, salt), content, encrypt=True), salt

    def opened(self, content: bytes, boots: int, age: int, salt: bytes) -> bytes:
        """Noise where the key is another one. Raises ValueError."""
        return aes_cfb(self._key, _start(boots, age, salt), content, encrypt=False)


def _start(boots: int, age: int, salt: bytes) -> bytes:
    if not (0 <= boots < 2**31 and 0 <= age < 2**31):
        raise ValueError("no time of an SNMP engine")
    return struct.pack("!II", boots, age) + salt
