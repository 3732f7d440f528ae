"""``POST /api/v1/batches`` without a framework between socket and writer: agents send here all day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
import structlog

from server.auth.access import Gate
from server.auth.principal import Kind, Principal
from server.current import CurrentState
from server.entry import Applied
from server.ingest.body import Refused, unpack
from server.ingest.intake import Intake
from server.metrics import Metrics
from server.tasks import TaskDesk
from wire.codec import Malformed, decode, encode
from wire.exchange import MAX_BODY, Ack, Batch
from wire.observation import Observation

PATH = "/api/v1/batches"
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
_log = structlog.get_logger("ingest")


class Gone(Exception):
    """The agent hung up before its batch was whole."""


class BatchEndpoint:
    """Authenticates, bounds, decodes, checks identity, stores, acknowledges. Every refusal says why."""

    def __init__(
        self, gate: Gate, intake: Intake, current: CurrentState, tasks: TaskDesk, metrics: Metrics
    ) -> None:
        self._gate = gate
        self._intake = intake
        self._current = current
        self._tasks = tasks
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer, status, outcome = encode(await self._take(scope, receive)), 200, "stored"
        except Refused as refused:
            self._metrics.batches.labels(refused.outcome).inc()
            await answer_refusal(send, refused)
            return
        except Gone:
            self._metrics.batches.labels("gone").inc()
            return
        except Exception:  # noqa: BLE001 - a defect of ours must reach the log, and the agent must keep its spool
            _log.exception("batch failed")
            answer = encode({"status_code": 500, "detail": "internal error; send this again later"})
            status, outcome = 500, "internal"
        self._metrics.batches.labels(outcome).inc()
        await _answer(send, status, answer)

    async def _take(self, scope: Scope, receive: Receive) -> Ack:
        if scope["method"] != "POST":
            raise Refused(405, "method", "batches are POSTed")
        headers = dict(scope["headers"])
        principal = self._identify(headers)
        raw = await read_body(headers, receive, MAX_BODY)
        encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        batch = _decode(unpack(raw, encoding, MAX_BODY))
        _check_identity(batch, principal)
        return self.acknowledge(await self._intake.take(batch, raw))

    def acknowledge(self, applied: Applied) -> Ack:
        if applied.symptoms:
            self._tasks.notice(applied.host)
        tasks, snapshot = self._tasks.take(applied.host)
        beat = applied.heartbeat
        interval = beat.interval if beat is not None else 10.0
        return Ack(
            applied=self._current.mark(applied.agent),
            at=applied.received_at,
            poll_after=self._tasks.poll_after(applied.host, interval),
            resync=applied.resync,
            inventory=applied.want_inventory,
            snapshot=snapshot,
            peers=self._tasks.peers(applied.host, beat.peers) if beat is not None else None,
            tasks=tasks,
        )

    def _identify(self, headers: dict[bytes, bytes]) -> Principal:
        principal = self._gate.by_bearer(headers.get(b"authorization", b"").decode("latin-1"))
        if principal is None:
            raise Refused(401, "credential", "a valid credential is needed: Authorization: Bearer …")
        if principal.kind is not Kind.AGENT:
            raise Refused(403, "not_an_agent", "only agents send batches")
        return principal


def _decode(body: bytes) -> Batch:
    try:
        return decode(body, Batch)
    except Malformed as error:
        raise Refused(400, "malformed", _locate(body) or str(error)) from None


class _Raw(msgspec.Struct):
    """Only so much of a batch that its observations can be looked at one by one."""

    observations: list[msgspec.Raw] = []


def _locate(body: bytes) -> str:
    """Which observation is wrong, so that the agent can set aside that one; empty when none is."""
    try:
        for index, raw in enumerate(decode(body, _Raw).observations):
            try:
                decode(bytes(raw), Observation)
            except Malformed as error:
                return f"$.observations[{index}]: {error}"
    except Malformed:
        pass
    return ""


def _check_identity(batch: Batch, principal: Principal) -> None:
    if batch.agent != principal.name:
        raise Refused(403, "other_agent", "agent: the credential belongs to another agent")
    if batch.inventory is not None and batch.inventory.host != principal.host:
        raise Refused(403, "other_host", f"inventory.host: this agent was enrolled for {principal.host}")


async def read_body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Raises Refused for more than ``limit`` bytes, Gone when the caller hangs up."""
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise Refused(413, "too_large", f"the body is larger than {limit} bytes; send less at once")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise Refused(413, "too_large", f"the body is larger than {limit} bytes; send less at once")
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def answer_refusal(send: Send, refused: Refused) -> None:
    await _answer(send, refused.status, encode({"status_code": refused.status, "detail": refused.detail}))


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"2"))
    if status == 405:
        headers.append((b"allow", b"POST"))
    if status in {413, 415}:
        # The rest of the body is not read: the connection cannot be used again.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
