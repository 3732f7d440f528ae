"""What agents ask and send beside batches: tasks by long poll, and the flight recorder's snapshot."""

from __future__ import annotations

import asyncio
import gzip
from functools import partial
from typing import Annotated

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.exceptions import ClientException, PermissionDeniedException
from litestar.params import JSONBody, QueryParameter

from server.auth.principal import Access, Principal
from server.parts import Parts
from server.storage.snapshots import SnapshotRow, add_snapshot
from wire.codec import encode
from wire.exchange import MAX_SNAPSHOT, Ack, Snapshot

MAX_WAIT = 55.0
AgentRequest = Request[Principal, None, State]


@get("/api/v1/tasks", opt={"access": Access.AGENT}, summary="What the server wants of this agent's host")
async def get_tasks(
    request: AgentRequest, parts: Parts, wait: Annotated[float, QueryParameter(ge=0, le=MAX_WAIT)] = 0.0
) -> Ack:
    """Held for up to ``wait`` seconds until there is something to do, where the site allows it."""
    agent = request.user
    there = not (wait and parts.config.long_poll) or await parts.tasks.hold(
        agent.host, wait, partial(_left, request)
    )
    if not there:  # what waits for it is not taken
        raise ClientException("the caller hung up")
    tasks, snapshot = parts.tasks.take(agent.host)
    return Ack(
        applied=parts.current.mark(agent.name),
        at=parts.now(),
        poll_after=parts.tasks.poll_after(agent.host, 10.0),
        snapshot=snapshot,
        tasks=tasks,
    )


async def _left(request: AgentRequest) -> None:
    """Ends when the other side closes the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


@post(
    "/api/v1/snapshots",
    opt={"access": Access.AGENT},
    status_code=204,
    request_max_body_size=MAX_SNAPSHOT,
    summary="The flight recorder's snapshot",
)
async def post_snapshot(request: AgentRequest, parts: Parts, data: JSONBody[Snapshot]) -> None:
    """The newest few of each host are kept. May be gzipped (Content-Encoding: gzip)."""
    agent = request.user
    if data.agent != agent.name:
        raise PermissionDeniedException("agent: the credential belongs to another agent")
    body = await asyncio.to_thread(gzip.compress, encode(data), 5)
    now = parts.now()
    await asyncio.wrap_future(
        parts.database.writer.run(
            lambda connection: add_snapshot(connection, SnapshotRow(agent.host, data.at, now, body))
        )
    )


ROUTES = [get_tasks, post_snapshot]
