"""The keys of a user of SNMP v3, made of passwords for one agent (RFC 3414, A.2; RFC 7860)."""

from __future__ import annotations

import hashlib

_STRETCHED = 2**20


def stretched(password: str, digest: str) -> bytes:
    """The digest of a mebibyte of the password, repeated. Empty where there is none."""
    if not password:
        return b""
    word = password.encode()
    return _digest(digest, (word * (_STRETCHED // len(word) + 1))[:_STRETCHED])


def localised(key: bytes, engine: bytes, digest: str) -> bytes:
    """Of what was stretched, for the agent of this name."""
    return _digest(digest, key + engine + key)


def lengthened(key: bytes, size: int, digest: str) -> bytes:
    """As long as a cipher wants it, by digests of what there is (draft-blumenthal-aes-usm-04, 3.1.2.1).

    Net-SNMP does so, and most others; Cisco's own way is another one.
    """
    while len(key) < size:
        key += _digest(digest, key)
    return key[:size]


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.new(name, content, usedforsecurity=False).digest()
