"""The messages between an agent and the server, and the digest by which both compare their state."""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated

import msgspec

from wire.inventory import Inventory
from wire.judgement import Address, Reason, Verdict
from wire.observation import Moment, Observation, SignalName
from wire.target import Target

MAX_BATCH = 5_000
"""Observations in one batch, at most."""
MAX_BODY = 4 * 1024 * 1024
"""Bytes of one batch, at most."""
MAX_PEERS = 10
"""Other hosts that one agent is told to ping, at most."""
MAX_SNAPSHOT = 1024 * 1024

HostName = Annotated[str, msgspec.Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
TaskId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One body of a request or answer."""


class EnrollRequest(_Message, frozen=True, kw_only=True):
    token: Annotated[str, msgspec.Meta(max_length=256)]
    host: HostName
    boot_id: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Enrolled(_Message, frozen=True, kw_only=True):
    """The answer to an enrolment. The credential is shown once; the server keeps its hash."""

    agent: Annotated[str, msgspec.Meta(max_length=64)]
    credential: Annotated[str, msgspec.Meta(max_length=256)]
    at: Moment
    start: Count = 0
    """Number observations above this one: up to it they may belong to an earlier agent of the host."""


class Heartbeat(_Message, frozen=True, kw_only=True):
    """A sign of life with what keeps unchanged results fresh."""

    digest: Annotated[str, msgspec.Meta(max_length=32)]
    """``digest`` of the agent's current state."""
    inventory: Annotated[str, msgspec.Meta(max_length=32)] = ""
    """Digest of the inventory that the agent believes the server has."""
    rounds: Annotated[
        dict[Annotated[str, msgspec.Meta(max_length=32)], Moment], msgspec.Meta(max_length=512)
    ] = {}
    """Round name → when it was last completed."""
    interval: Annotated[float, msgspec.Meta(gt=0, le=86400)] = 10.0
    """Seconds until the next heartbeat is due."""
    peers: Annotated[str, msgspec.Meta(max_length=32)] = ""
    """``fingerprint`` of the addresses that the server told the agent to ping; empty: it was told none."""
    goodbye: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """A clean stop and its kind: ``stop`` (the agent), ``shutdown`` (the machine), ``sleep``."""


class Refusal(_Message, frozen=True, kw_only=True):
    """A task that the agent did not run, and why."""

    task: TaskId
    why: Annotated[str, msgspec.Meta(max_length=512)]


class Batch(_Message, frozen=True, kw_only=True):
    """What an agent has to say. Sequences rise; those the server already applied are skipped."""

    agent: Annotated[str, msgspec.Meta(max_length=64)]
    boot: Annotated[str, msgspec.Meta(max_length=64)] = ""
    sent_at: Moment
    observations: Annotated[tuple[Observation, ...], msgspec.Meta(max_length=MAX_BATCH)] = ()
    heartbeat: Heartbeat | None = None
    inventory: Inventory | None = None
    refusals: Annotated[tuple[Refusal, ...], msgspec.Meta(max_length=256)] = ()
    resync: bool = False
    """The observations are the whole current state; what is not among them is no longer looked at."""
    dropped: Count = 0
    """Repeats that the full spool had to drop since the agent was enrolled."""


class Task(_Message, frozen=True, kw_only=True):
    """One check for the agent to run now: a signal it knows, on a typed target."""

    id: TaskId
    check: SignalName
    target: Target
    expires_at: Moment
    """By the server's clock."""


class Ack(_Message, frozen=True, kw_only=True):
    """The answer to a batch: it is on disk."""

    applied: Count
    """The highest sequence applied; the agent may forget up to here."""
    at: Moment
    """The server's clock."""
    poll_after: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0
    """Seconds after which the agent should ask again."""
    resync: bool = False
    inventory: bool = False
    """The server wants the inventory."""
    snapshot: bool = False
    """The server wants the flight recorder's snapshot."""
    peers: Annotated[tuple[Address, ...], msgspec.Meta(max_length=MAX_PEERS)] | None = None
    """Addresses of other agents' hosts that this one should ping from now on; None: as before."""
    tasks: tuple[Task, ...] = ()


class Snapshot(_Message, frozen=True, kw_only=True):
    """The flight recorder: what the host was doing when its diagnosis began. Text by section."""

    agent: Annotated[str, msgspec.Meta(max_length=64)]
    at: Moment
    sections: Annotated[
        dict[Annotated[str, msgspec.Meta(max_length=64)], Annotated[str, msgspec.Meta(max_length=262144)]],
        msgspec.Meta(max_length=64),
    ]


class Digest:
    """A sum over the current state that both sides keep up to date entry by entry, in any order."""

    def __init__(self) -> None:
        self._sum = 0

    @staticmethod
    def _entry(signal: str, subject: str, verdict: Verdict, reason: Reason) -> int:
        text = f"{signal}\x1f{subject}\x1f{verdict}\x1f{reason}".encode()
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")

    def add(self, signal: str, subject: str, verdict: Verdict, reason: Reason) -> None:
        self._sum = (self._sum + self._entry(signal, subject, verdict, reason)) % 2**64

    def remove(self, signal: str, subject: str, verdict: Verdict, reason: Reason) -> None:
        self._sum = (self._sum - self._entry(signal, subject, verdict, reason)) % 2**64

    def __str__(self) -> str:
        return f"{self._sum:016x}"
