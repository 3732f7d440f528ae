"""SNMP v3 as a user (RFC 3414, RFC 7860): the agent is discovered, each message signed, none encrypted."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from kernel.ber import OCTETS, OID, SEQUENCE, dotted, integer, item, items
from probes.devices.login import Login
from probes.devices.snmp_envelope import AskAgain, Pdu
from probes.steps import StepFailed
from wire.judgement import Reason

SIGNATURES = {"md5": 12, "sha1": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}
"""Bytes of the digest that a message carries."""
_VERSION_3, _BY_USER, _LARGEST = 3, 3, 65_507
_SIGNED, _REPORTABLE = 1, 4
_REPORT = 0xA8
_STRETCHED = 2**20
_TOLD = "1.3.6.1.6.3.15.1.1."
_NOT_IN_TIME, _UNKNOWN_ENGINE = 2, 4
_REFUSALS = {
    1: "the user must ask in another way: signed, or encrypted",
    3: "no such user",
    5: "another password, or another digest",
}
"""usmStats of SNMP-USER-BASED-SM-MIB, by their last number but one."""


@dataclass(frozen=True)
class _Engine:
    """One agent in one of its lives, and the age of that life when we heard of it."""

    name: bytes = b""
    boots: int = 0
    age: int = 0
    heard_at: float = 0.0

    def age_now(self) -> int:
        return self.age + int(time.monotonic() - self.heard_at) if self.name else 0


@dataclass(frozen=True)
class _Message:
    engine: _Engine
    user: bytes
    signature: bytes
    signed: bool
    pdu: Pdu


class User:
    """Signs where the login has a password. One per agent: it learns whom it speaks with."""

    def __init__(self, login: Login, digest: str) -> None:
        self._user = login.user.encode()
        self._digest = digest
        self._stretched = _stretched(login.password.encode(), digest)
        self._engine = _Engine()
        self._key = b""

    def closed(self, pdu: bytes) -> bytes:
        """Unsigned and nameless until the agent is known: this is how it is discovered."""
        number, age = secrets.randbits(31), self._engine.age_now()
        if not self._key:
            return self._packed(pdu, number, age, b"")
        blank = self._packed(pdu, number, age, bytes(SIGNATURES[self._digest]))
        return self._packed(pdu, number, age, self._signature(blank))

    def opened(self, message: bytes) -> Pdu | None:
        read = _read(message)
        genuine = self._genuine(message, read)
        kind, body = read.pdu
        if kind == _REPORT:
            self._heed(_told(body), read.engine, genuine=genuine)
            return None
        if not genuine or read.user != self._user or read.engine.name != self._engine.name:
            return None
        return read.pdu

    def _packed(self, pdu: bytes, number: int, age: int, signature: bytes) -> bytes:
        flags = _REPORTABLE | (_SIGNED if signature else 0)
        head = integer(number) + integer(_LARGEST) + item(OCTETS, bytes([flags]))
        engine = self._engine
        security = item(OCTETS, engine.name) + integer(engine.boots) + integer(age)
        security += item(OCTETS, self._user if engine.name else b"")
        security += item(OCTETS, signature) + item(OCTETS, b"")
        scope = item(SEQUENCE, item(OCTETS, engine.name) + item(OCTETS, b"") + pdu)
        return item(
            SEQUENCE,
            integer(_VERSION_3)
            + item(SEQUENCE, head + integer(_BY_USER))
            + item(OCTETS, item(SEQUENCE, security))
            + scope,
        )

    def _signature(self, message: bytes) -> bytes:
        return hmac.digest(self._key, message, self._digest)[: SIGNATURES[self._digest]]

    def _genuine(self, message: bytes, read: _Message) -> bool:
        if not self._stretched:
            return True
        if not (self._key and read.signed) or len(read.signature) != SIGNATURES[self._digest]:
            return False
        blank = message.replace(read.signature, bytes(len(read.signature)), 1)
        return hmac.compare_digest(self._signature(blank), read.signature)

    def _heed(self, told: int, engine: _Engine, *, genuine: bool) -> None:
        """Raises AskAgain, or StepFailed for what asking again does not heal."""
        if told == _UNKNOWN_ENGINE and engine.name and not self._engine.name:
            self._meet(engine)
        if told == _NOT_IN_TIME and genuine:
            self._meet(engine)
        if self._engine.name and told in _REFUSALS:
            raise StepFailed(Reason.AUTH, error=_REFUSALS[told])

    def _meet(self, engine: _Engine) -> None:
        self._engine = engine
        if self._stretched:
            self._key = hashlib.new(
                self._digest, self._stretched + engine.name + self._stretched, usedforsecurity=False
            ).digest()
        raise AskAgain


def _stretched(password: bytes, digest: str) -> bytes:
    """RFC 3414, A.2: the digest of a mebibyte of the password, repeated."""
    if not password:
        return b""
    repeated = password * (_STRETCHED // len(password) + 1)
    return hashlib.new(digest, repeated[:_STRETCHED], usedforsecurity=False).digest()


def _read(message: bytes) -> _Message:
    """Raises ValueError, IndexError."""
    ((_, content),) = items(message)
    (_, version), (_, head), (_, security), (scope_kind, scope) = items(content)
    if int.from_bytes(version, "big") != _VERSION_3 or scope_kind != SEQUENCE:
        raise ValueError("not version 3, or encrypted")
    _, _, (_, flags), _ = items(head)
    ((_, security),) = items(security)
    (_, name), (_, boots), (_, age), (_, user), (_, signature), _ = items(security)
    _, _, pdu = items(scope)
    engine = _Engine(name, int.from_bytes(boots, "big"), int.from_bytes(age, "big"), time.monotonic())
    return _Message(engine, user, signature, bool(flags[0] & _SIGNED), pdu)


def _told(report: bytes) -> int:
    """Which counter a report names; 0 for one that is not of users. Raises ValueError, IndexError."""
    *_, (_, bindings) = items(report)
    ((_, binding),) = items(bindings)
    (kind, name), _ = items(binding)
    text = dotted(name) if kind == OID else ""
    return int(text[len(_TOLD) :].split(".")[0]) if text.startswith(_TOLD) else 0
