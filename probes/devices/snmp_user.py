"""SNMP v3 as a user (RFC 3414, RFC 7860): discovers the agent, signs each message, encrypts it if wanted."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass

from kernel.ber import OCTETS, OID, SEQUENCE, dotted, integer, item, items
from probes.devices.login import Login
from probes.devices.snmp_envelope import AskAgain, Pdu, nobody
from probes.devices.snmp_keys import lengthened, localised, stretched
from probes.devices.snmp_privacy import KEYS, SALT, Privacy
from probes.steps import StepFailed
from wire.judgement import Reason

SIGNATURES = {"md5": 12, "sha1": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}
"""Bytes of the digest that a message carries."""
_VERSION_3, _BY_USER, _LARGEST = 3, 3, 65_507
_SIGNED, _ENCRYPTED, _REPORTABLE = 1, 2, 4
_REPORT = 0xA8
_TOLD = "1.3.6.1.6.3.15.1.1."
_NOT_IN_TIME, _UNKNOWN_ENGINE = 2, 4
_REFUSALS = {
    1: "the user must ask in another way: signed, or encrypted",
    3: "no such user",
    5: "another password, or another digest",
    6: "another password to encrypt with, or another cipher",
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
    salt: bytes
    """Empty where nothing is encrypted."""
    scope: bytes


class User:
    """Signs where the login has a password. One per agent: it learns whom it speaks with."""

    def __init__(self, login: Login, digest: str, cipher: str = "") -> None:
        self._user = login.user.encode()
        self._digest, self._cipher = digest, cipher
        self._stretched = stretched(login.password, digest)
        self._secret = stretched(login.privacy or login.password, digest) if cipher else b""
        self._engine = _Engine()
        self._key = b""
        self._privacy: Privacy | None = None

    def closed(self, pdu: bytes) -> bytes:
        """Unsigned and nameless until the agent is known: this is how it is discovered."""
        number, age, engine = secrets.randbits(31), self._engine.age_now(), self._engine
        scope = item(SEQUENCE, item(OCTETS, engine.name) + item(OCTETS, b"") + pdu)
        if not self._key:
            return self._packed(scope, number, age)
        salt = b""
        if self._privacy is not None:
            sealed, salt = self._privacy.sealed(scope, engine.boots, age)
            scope = item(OCTETS, sealed)
        blank = self._packed(scope, number, age, bytes(SIGNATURES[self._digest]), salt)
        return self._packed(scope, number, age, self._signature(blank), salt)

    def opened(self, message: bytes) -> Pdu | None:
        read = _read(message)
        genuine = self._genuine(message, read)
        if read.salt and not genuine:
            return None
        kind, body = self._pdu(read)
        if kind == _REPORT:
            self._heed(_told(body), read.engine, genuine=genuine)
            return None
        if not genuine or read.user != self._user or read.engine.name != self._engine.name:
            return None
        return (kind, body) if bool(read.salt) == (self._privacy is not None) else None

    def unheard(self) -> StepFailed:
        """One that just told who it is drops in silence what it cannot make sense of, once decrypted."""
        if self._privacy is not None:
            return StepFailed(Reason.AUTH, error=f"no answer once it is encrypted: {_REFUSALS[6]}")
        return nobody()

    def _pdu(self, read: _Message) -> Pdu:
        """Raises ValueError, IndexError."""
        scope = read.scope
        if read.salt:
            if self._privacy is None:
                raise ValueError("encrypted, unasked")
            plain = self._privacy.opened(scope, read.engine.boots, read.engine.age, read.salt)
            ((_, scope),) = items(plain)
        _, _, pdu = items(scope)
        return pdu

    def _packed(
        self, scope: bytes, number: int, age: int, signature: bytes = b"", salt: bytes = b""
    ) -> bytes:
        flags = _REPORTABLE | (_SIGNED if signature else 0) | (_ENCRYPTED if salt else 0)
        head = integer(number) + integer(_LARGEST) + item(OCTETS, bytes([flags]))
        engine = self._engine
        security = item(OCTETS, engine.name) + integer(engine.boots) + integer(age)
        security += item(OCTETS, self._user if engine.name else b"")
        security += item(OCTETS, signature) + item(OCTETS, salt)
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
            self._key = localised(self._stretched, engine.name, self._digest)
        if self._key and self._secret:
            secret = localised(self._secret, engine.name, self._digest)
            self._privacy = Privacy(lengthened(secret, KEYS[self._cipher], self._digest))
        raise AskAgain


def _read(message: bytes) -> _Message:
    """Raises ValueError, IndexError."""
    ((_, content),) = items(message)
    (_, version), (_, head), (_, security), (scope_kind, scope) = items(content)
    _, _, (_, flags), _ = items(head)
    ((_, security),) = items(security)
    (_, name), (_, boots), (_, age), (_, user), (_, signature), (_, salt) = items(security)
    encrypted = bool(flags[0] & _ENCRYPTED)
    if int.from_bytes(version, "big") != _VERSION_3 or scope_kind != (OCTETS if encrypted else SEQUENCE):
        raise ValueError("not version 3")
    if encrypted and len(salt) != SALT:
        raise ValueError("encrypted in a way that we do not know")
    engine = _Engine(name, int.from_bytes(boots, "big"), int.from_bytes(age, "big"), time.monotonic())
    return _Message(engine, user, signature, bool(flags[0] & _SIGNED), salt if encrypted else b"", scope)


def _told(report: bytes) -> int:
    """Which counter a report names; 0 for one that is not of users. Raises ValueError, IndexError."""
    *_, (_, bindings) = items(report)
    ((_, binding),) = items(bindings)
    (kind, name), _ = items(binding)
    text = dotted(name) if kind == OID else ""
    return int(text[len(_TOLD) :].split(".")[0]) if text.startswith(_TOLD) else 0
