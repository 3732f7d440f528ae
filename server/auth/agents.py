"""Agents: enrolment by one-time token, credentials, revocation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from secrets import token_hex

import msgspec
from sqlalchemy import Connection

from server.auth.principal import Kind, Principal
from server.auth.secret import digest, new_secret, same
from server.storage import identity
from server.storage.batches import drop_agent
from server.storage.database import Database
from server.storage.identity import AgentRow
from wire.exchange import Enrolled, EnrollRequest

MAX_TTL = 30 * 86400.0
DEFAULT_TTL = 3600.0


class EnrolmentRefused(Exception):
    """The text says why, and what to do."""


class _Taken(Exception):
    """The host has an agent already, and the token is not made for it."""


class Enrolment(msgspec.Struct, frozen=True):
    """What an enrolment did: the answer to the agent, and the agents that it replaced."""

    answer: Enrolled
    host: str
    replaced: tuple[str, ...]


class Agents:
    """All enrolled agents, in memory and on disk."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        with database.reading() as connection:
            rows = identity.load_agents(connection)
        self._known: dict[str, AgentRow] = {row.id: row for row in rows if not row.revoked}

    def hosts(self) -> dict[str, str]:
        """Agent → host, of all that may speak."""
        return {row.id: row.host for row in self._known.values()}

    def identify(self, credential: str) -> Principal | None:
        """``<agent>.<secret>`` → who that is, or None."""
        agent, _, secret = credential.partition(".")
        row = self._known.get(agent)
        if row is None or not same(digest(secret), row.secret_hash):
            return None
        return Principal(kind=Kind.AGENT, name=row.id, host=row.host)

    async def make_token(self, host: str, ttl: float) -> str:
        work, token = token_work(host, ttl, self._now())
        await asyncio.wrap_future(self._database.writer.run(work))
        return token

    async def enroll(self, request: EnrollRequest, mark: Callable[[str], int]) -> Enrolment:
        """Raises EnrolmentRefused. A token made for one host replaces the agent that the host had.

        ``mark`` tells the highest number applied of an agent.
        """
        now = self._now()
        secret = new_secret()
        row = AgentRow(id=token_hex(8), host=request.host, secret_hash=digest(secret), revoked=False)
        try:
            replaced, start = await asyncio.wrap_future(
                self._database.writer.run(lambda connection: _enroll(connection, request, row, mark, now))
            )
        except _Taken:
            raise EnrolmentRefused(
                f"{request.host} is enrolled already; to replace its agent, make a token for this host: "
                f"rootward server token --host {request.host}"
            ) from None
        self._known[row.id] = row
        for agent in replaced:
            self._known.pop(agent, None)
        answer = Enrolled(agent=row.id, credential=f"{row.id}.{secret}", at=now, start=start)
        return Enrolment(answer=answer, host=row.host, replaced=tuple(replaced))

    async def revoke(self, agent: str, mark: int) -> bool:
        """From now on this agent is a stranger. False when it was one already."""
        if self._known.pop(agent, None) is None:
            return False
        now = self._now()
        return await asyncio.wrap_future(
            self._database.writer.run(lambda connection: _revoke(connection, agent, mark, now))
        )


def token_work(host: str, ttl: float, now: float) -> tuple[Callable[[Connection], None], str]:
    """What to write for a new enrolment token, and the token; only its hash is written."""
    token = new_secret()
    hashed = digest(token)
    expires_at = now + ttl
    return (lambda connection: identity.add_token(connection, hashed, host, now, expires_at)), token


def _enroll(
    connection: Connection, request: EnrollRequest, row: AgentRow, mark: Callable[[str], int], now: float
) -> tuple[list[str], int]:
    """The agents that were replaced, and the number above which the new one begins."""
    hashed = digest(request.token)
    token_host = identity.token_host(connection, hashed, now)
    if token_host is None or token_host not in {"", request.host}:
        # One answer for unknown, used, too old and made for another host: nothing to learn by trying.
        raise EnrolmentRefused(
            "the token is not valid for this host, was used, or is too old; make a new one"
        )
    replaced = identity.agents_of(connection, request.host)
    if replaced and not token_host:
        raise _Taken
    for agent in replaced:
        _revoke(connection, agent, mark(agent), now)
    identity.use_token(connection, hashed, row.id, now)
    return replaced, identity.add_agent(connection, row, request.boot_id, now)


def _revoke(connection: Connection, agent: str, mark: int, now: float) -> bool:
    done = identity.revoke_agent(connection, agent, mark, now)
    drop_agent(connection, agent)
    return done
