"""Asks a PostgreSQL server over its own protocol, version 3: sign in, simple queries, nothing else."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection

from collectors.clients.answer import Changing, Full, NotPermitted, Refused
from collectors.clients.as_user import as_user
from collectors.clients.scram import MECHANISM, Scram
from collectors.clients.stream import Session, Stream, Where

VERSION = 196608  # 3.0
SECONDS = 4.0
GRANT = (
    "in PostgreSQL: CREATE ROLE rootward LOGIN; GRANT pg_monitor TO rootward;  and a [[applications.login]] "
    "with user and secret_file (0600)"
)
OPTIONS = "-c default_transaction_read_only=on -c statement_timeout=3000 -c lock_timeout=1000"
_DENIED = ("28000", "28P01", "3D000", "42501")
"""No pg_hba entry or role, wrong password, no such database, insufficient privilege."""
_CLOSED = "55000"
"""Said to who signs in: a database that takes no connections. To a statement it says other things."""
_FULL, _CHANGING = "53300", "57P03"
_OK, _CLEAR, _MD5, _SASL, _SASL_GOES_ON, _SASL_ENDS = 0, 3, 5, 10, 11, 12
Rows = list[tuple[str | None, ...]]


class Postgres(Session):
    """One session; ends with the stream."""

    def __init__(
        self, where: Where, user: str, password: str, database: str = "postgres", *, uid: int = 0
    ) -> None:
        """Raises OSError, NotPermitted, Full, Refused, ValueError for what is no PostgreSQL."""
        with as_user(uid):
            self._stream = Stream(where, SECONDS)
        self._user, self._password = user, password
        try:
            self._start(database)
        except BaseException:
            self.close()
            raise

    def query(self, text: str) -> Rows:
        """Every value as its text. Raises NotPermitted, Refused for an error of the server."""
        self._send(b"Q", text.encode() + b"\0")
        rows: Rows = []
        failed: Exception | None = None
        while True:
            kind, body = self._message()
            if kind == b"D":
                rows.append(_row(body))
            elif kind == b"E":
                failed = _error(body)
            elif kind == b"Z":
                break
        if failed is not None:
            raise failed
        return rows

    def _start(self, database: str) -> None:
        words = ("user", self._user, "database", database, "application_name", "rootward", "options", OPTIONS)
        body = struct.pack("!I", VERSION) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
        self._stream.send(struct.pack("!I", len(body) + 4) + body)
        scram = Scram(self._password)
        while True:
            kind, body = self._message()
            if kind == b"E":
                raise _error(body, (*_DENIED, _CLOSED))
            if kind == b"R":
                self._authenticate(body, scram)
            elif kind == b"Z":
                return

    def _authenticate(self, body: bytes, scram: Scram) -> None:
        (step,) = struct.unpack_from("!I", body)
        if step in (_CLEAR, _MD5, _SASL) and not self._password:
            raise NotPermitted(GRANT, f"a password is wanted for user {self._user}")
        if step == _CLEAR:
            self._send(b"p", self._password.encode() + b"\0")
        elif step == _MD5:
            inner = hashlib.md5((self._password + self._user).encode()).hexdigest()  # noqa: S324 - the protocol's
            outer = hashlib.md5(inner.encode() + body[4:8]).hexdigest()  # noqa: S324
            self._send(b"p", b"md5" + outer.encode() + b"\0")
        elif step == _SASL:
            first = scram.first()
            self._send(b"p", MECHANISM.encode() + b"\0" + struct.pack("!I", len(first)) + first)
        elif step == _SASL_GOES_ON:
            self._send(b"p", scram.answer(body[4:]))
        elif step == _SASL_ENDS:
            scram.verify(body[4:])
        elif step != _OK:
            raise NotPermitted(GRANT, f"authentication of kind {step} is not known here")

    def _send(self, kind: bytes, body: bytes) -> None:
        self._stream.send(kind + struct.pack("!I", len(body) + 4) + body)

    def _message(self) -> tuple[bytes, bytes]:
        head = self._stream.exactly(5)
        (length,) = struct.unpack_from("!I", head, 1)
        return head[:1], self._stream.exactly(length - 4)


def _row(body: bytes) -> tuple[str | None, ...]:
    (count,) = struct.unpack_from("!H", body)
    at = 2
    values: list[str | None] = []
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        if length < 0:
            values.append(None)
            continue
        if at + length > len(body):
            raise ValueError("a row cut short")
        values.append(body[at : at + length].decode("utf-8", "replace"))
        at += length
    return tuple(values)


def _error(body: bytes, denials: Collection[str] = _DENIED) -> Exception:
    """Fields by letter: C is the code (SQLSTATE), M the message."""
    parts = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    code, text = parts.get(b"C", ""), parts.get(b"M", "")
    if code in denials:
        return NotPermitted(GRANT, text)
    if code == _FULL:
        return Full(text)
    return Changing(text) if code == _CHANGING else Refused(f"{code} {text}")
