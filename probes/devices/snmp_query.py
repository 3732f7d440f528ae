"""Questions by SNMP (RFC 3416) to one agent: single values and whole tables, within a deadline."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from kernel.ber import INTEGER, NULL, OID, SEQUENCE, dotted, integer, item, items, oid
from kernel.rtnetlink import family_of
from probes.devices.snmp_envelope import AskAgain, Envelope, Pdu
from probes.errors import read_errors, reason_of_icmp, want_errors
from probes.steps import StepFailed
from wire.judgement import Reason

Value = int | bytes | None
"""None is what the agent does not have."""
GET, BULK, _RESPONSE = 0xA0, 0xA5, 0xA2
_NUMBERS = frozenset([INTEGER, 0x41, 0x42, 0x43, 0x46])
"""INTEGER, Counter32, Gauge32, TimeTicks, Counter64 (RFC 2578)."""
_MAY_NOT = 16
"""authorizationError: known, but not allowed to ask this, or not in this way."""
_ROWS_AT_ONCE = 12
_MOST_ROWS = 1024
_TRIES = 3
_LESSONS = 3
"""How often an agent may tell what the question lacked: its name, its time, and once more."""


@dataclass(frozen=True)
class Agent:
    """Whom to ask, in which envelope, and for how long in all."""

    address: str
    port: int
    envelope: Envelope
    seconds: float


class Session:
    """One socket, connected: others cannot slip an answer in. Use as a context."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._until = asyncio.get_running_loop().time() + agent.seconds
        self._socket = socket.socket(family_of(agent.address), socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self._socket.setblocking(False)
        want_errors(self._socket)
        self._socket.connect((self._agent.address, self._agent.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    async def get(self, names: Sequence[str]) -> dict[str, Value]:
        """Raises StepFailed."""
        return dict(await self._ask(GET, names))

    async def table(self, columns: Sequence[str]) -> dict[str, dict[str, Value]]:
        """Row index → column → value. Columns end each by itself. Raises StepFailed."""
        rows: dict[str, dict[str, Value]] = {}
        at = {column: column for column in columns}
        while at and len(rows) < _MOST_ROWS:
            asked = list(at)
            found = await self._ask(BULK, [at[column] for column in asked])
            going_on: dict[str, str] = {}
            for number, (name, value) in enumerate(found):
                column = asked[number % len(asked)]
                if value is not None and name.startswith(f"{column}.") and name != at[column]:
                    rows.setdefault(name[len(column) + 1 :], {})[column] = value
                    going_on[column] = name
                else:
                    going_on.pop(column, None)
            at = going_on
        return rows

    async def _ask(self, kind: int, names: Sequence[str]) -> list[tuple[str, Value]]:
        for _ in range(_LESSONS):
            with suppress(AskAgain):
                return await self._exchange(kind, names)
        raise StepFailed(Reason.STATUS, error="it wants the same question again and again")

    async def _exchange(self, kind: int, names: Sequence[str]) -> list[tuple[str, Value]]:
        """Raises AskAgain, StepFailed."""
        number = secrets.randbits(31)
        question = self._agent.envelope.closed(_pdu(kind, number, names))
        loop = asyncio.get_running_loop()
        for tries_left in range(_TRIES, 0, -1):
            try:
                self._socket.send(question)
                async with asyncio.timeout(max(0.01, (self._until - loop.time()) / tries_left)):
                    while (
                        answer := self._parsed(await loop.sock_recv(self._socket, 65_535), number)
                    ) is None:
                        continue
                    return answer
            except TimeoutError:
                continue
            except OSError as error:
                raise self._failure(error) from None
        raise self._agent.envelope.unheard()

    def _parsed(self, data: bytes, number: int) -> list[tuple[str, Value]] | None:
        try:
            pdu = self._agent.envelope.opened(data)
            return parsed(pdu, number) if pdu else None
        except (ValueError, IndexError):
            return None

    def _failure(self, error: OSError) -> StepFailed | OSError:
        for queued in read_errors(self._socket):
            if reason := reason_of_icmp(queued, self._socket.family, port_is_refusal=True):
                return StepFailed(reason, **queued.evidence())
        return error


def _pdu(kind: int, number: int, names: Sequence[str]) -> bytes:
    wanted = b"".join(item(SEQUENCE, oid(name) + item(NULL, b"")) for name in names)
    repeat = _ROWS_AT_ONCE if kind == BULK else 0
    return item(kind, integer(number) + integer(0) + integer(repeat) + item(SEQUENCE, wanted))


def parsed(pdu: Pdu, number: int) -> list[tuple[str, Value]] | None:
    """None for what is no answer to this question. Raises StepFailed for an error it tells, ValueError."""
    kind, body = pdu
    (_, echoed), (_, status), _, (_, bindings) = items(body)
    if kind != _RESPONSE or int.from_bytes(echoed, "big", signed=True) != number:
        return None
    found = [_binding(content) for _, content in items(bindings)]
    if code := int.from_bytes(status, "big"):
        reason = Reason.AUTH if code == _MAY_NOT else Reason.STATUS
        raise StepFailed(reason, error=f"SNMP error {code}")
    return found


def _binding(content: bytes) -> tuple[str, Value]:
    (name_kind, name), (kind, value) = items(content)
    if name_kind != OID:
        raise ValueError("a binding without a name")
    if kind in _NUMBERS:
        return dotted(name), int.from_bytes(value, "big", signed=kind == INTEGER)
    return dotted(name), None if kind & 0x80 else value
