"""Operators: sign-in by password, sessions of browsers, the token of the local command line."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_urlsafe

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection

from server.auth.principal import Kind, Principal
from server.auth.secret import digest, new_secret, same
from server.storage import operators as rows
from server.storage.database import Database
from server.storage.operators import SessionRow

FIRST_OPERATOR = "admin"
IDLE = 12 * 3600.0
"""Seconds without a request after which a session has ended."""
ABSOLUTE = 7 * 86400.0
"""Seconds after sign-in at which a session ends in any case."""
TOUCH_EVERY = 60.0
MAX_PASSWORD = 1024

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106's low-memory profile


class SignedIn(msgspec.Struct, frozen=True):
    """A new session: the value of its cookie, and the token that unsafe requests must repeat."""

    cookie: str
    csrf: str


class Operators:
    """Who may use the desk."""

    def __init__(self, database: Database, token_file: Path, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._local = digest(_local_token(token_file))
        # argon2 takes tens of milliseconds and 64 MiB on purpose: one at a time.
        self._slow = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argon2")
        self._nobody = _hasher.hash(new_secret())

    def close(self) -> None:
        self._slow.shutdown()

    def by_token(self, token: str) -> Principal | None:
        """The local command line, which can read the token's file."""
        if not same(digest(token), self._local):
            return None
        return Principal(kind=Kind.OPERATOR, name="local")

    def by_cookie(self, cookie: str) -> Principal | None:
        """A session that we made and that has not ended. An id from elsewhere is nobody's."""
        hashed = digest(cookie)
        with self._database.reading() as connection:
            session = rows.find_session(connection, hashed)
        if session is None:
            return None
        now = self._now()
        if _ended(session, now):
            self._database.writer.run(lambda connection: rows.end_session(connection, hashed))
            return None
        if now - session.seen_at > TOUCH_EVERY:
            self._database.writer.run(lambda connection: rows.touch_session(connection, hashed, now))
        return Principal(kind=Kind.OPERATOR, name=session.operator, csrf=session.csrf, session=hashed)

    async def sign_in(self, name: str, password: str, old_cookie: str) -> SignedIn | None:
        """A new session, whatever cookie the browser brought; that one ends. None for a wrong password."""
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._slow, self._right, name, password):
            return None
        made = SignedIn(cookie=new_secret(), csrf=token_urlsafe(32))
        now = self._now()

        def work(connection: Connection) -> None:
            if old_cookie:
                rows.end_session(connection, digest(old_cookie))
            rows.drop_old_sessions(connection, now - ABSOLUTE, now - IDLE)
            rows.add_session(connection, digest(made.cookie), name, made.csrf, now)

        await asyncio.wrap_future(self._database.writer.run(work))
        return made

    async def sign_out(self, principal: Principal) -> None:
        await asyncio.wrap_future(
            self._database.writer.run(lambda connection: rows.end_session(connection, principal.session))
        )

    def _right(self, name: str, password: str) -> bool:
        with self._database.reading() as connection:
            encoded = rows.password_hash(connection, name)
        try:
            # An unknown name takes as long as a wrong password.
            return _hasher.verify(encoded or self._nobody, password) and encoded is not None
        except (Argon2Error, InvalidHashError):
            return False


def first_password(database: Database, now: float) -> str | None:
    """At the first start: the generated password, to be shown once. None later."""
    with database.reading() as connection:
        if rows.password_hash(connection, FIRST_OPERATOR) is not None:
            return None
    return reset_password(database, FIRST_OPERATOR, now)


def reset_password(database: Database, name: str, now: float) -> str:
    """A new generated password; every session of the operator ends."""
    password = token_urlsafe(15)
    encoded = _hasher.hash(password)
    database.writer.run(lambda connection: rows.set_password_hash(connection, name, encoded, now)).result()
    return password


def _ended(session: SessionRow, now: float) -> bool:
    return now - session.seen_at > IDLE or now - session.began_at > ABSOLUTE


def _local_token(path: Path) -> str:
    """Made at first start, readable by the owner only from its first moment on."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = new_secret()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token + "\n")
    if not token:
        raise ValueError(f"{path} is empty: remove it, and the next start makes a new one")
    return token
