"""What people declare over HTTP: the site's topology, maintenance windows, and what they changed."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import JSONBody, PathParameter, QueryParameter

from rules.topology import Site
from server.desk.change import Change
from server.desk.maintenance import Window
from server.parts import Parts
from server.storage import declarations as storage

AnyRequest = Request[Any, Any, Any]
MAX_LENGTH = 90 * 86_400.0
"""A longer window is a mistake, or hides faults for good."""


MAX_PAST = 30 * 86_400.0
AHEAD = 300.0
"""Seconds by which the clock of whoever tells of a change may be ahead of ours."""
Named = Annotated[str, msgspec.Meta(max_length=512, pattern=r"^[a-z][a-z_]*:[^\x00-\x1f\x7f-\x9f]+$")]
"""An entity id."""


class WindowRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Planned work on an entity; ``host:web1`` stands for all of that host."""

    entity: Named
    starts_at: Annotated[float, msgspec.Meta(ge=0, le=1e11)]
    """Seconds since 1970-01-01 UTC."""
    ends_at: Annotated[float, msgspec.Meta(ge=0, le=1e11)]
    why: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something of an entity was changed, as by a deployment; ``host:web1`` stands for all of that host."""

    entity: Named
    what: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    at: Annotated[float, msgspec.Meta(ge=0, le=1e11)] | None = None
    """Seconds since 1970-01-01 UTC; now, where it is missing."""


@get("/api/v1/site", summary="The declared topology", sync_to_thread=True)
def get_site(parts: Parts) -> Site:
    """Empty where nothing was declared."""
    with parts.database.reading() as connection:
        declared = storage.read_site(connection)
    return Site() if declared is None else declared[0]


@post("/api/v1/site", status_code=200, summary="Declare the topology, in place of what was declared")
async def post_site(request: AnyRequest, parts: Parts, data: JSONBody[Site]) -> Site:
    """400 names the entry that is wrong; then nothing changes."""
    name = request.user.name
    try:
        await asyncio.wrap_future(parts.diagnosis.ask(lambda: parts.pipeline.declare(data, name)))
    except ValueError as error:
        raise ClientException(str(error)) from None
    return data


@get("/api/v1/maintenance", summary="Maintenance windows that are not over", sync_to_thread=True)
def list_windows(parts: Parts) -> list[Window]:
    """By their beginning."""
    with parts.database.reading() as connection:
        return storage.read_windows(connection, parts.now())


@post("/api/v1/maintenance", summary="Plan work: its faults open no ticket")
async def post_window(request: AnyRequest, parts: Parts, data: JSONBody[WindowRequest]) -> Window:
    """400 for a window that ends before it begins, is over, or is longer than 90 days."""
    now = parts.now()
    if not max(data.starts_at, now) < data.ends_at <= data.starts_at + MAX_LENGTH:
        raise ClientException("ends_at: after starts_at and now, and at most 90 days after starts_at")
    window = Window(**msgspec.structs.asdict(data), actor=request.user.name, created_at=now)
    stored = await asyncio.wrap_future(
        parts.database.writer.run(lambda connection: storage.write_window(connection, window))
    )
    await _reload(parts)
    return stored


@delete("/api/v1/maintenance/{number:int}", summary="Cancel a window")
async def cancel_window(parts: Parts, number: Annotated[int, PathParameter(ge=1, le=2**31)]) -> None:
    """404 where there is none to cancel."""
    now = parts.now()
    done = await asyncio.wrap_future(
        parts.database.writer.run(lambda connection: storage.cancel_window(connection, number, now))
    )
    if not done:
        raise NotFoundException(f"no window {number} can be cancelled")
    await _reload(parts)


@post("/api/v1/changes", summary="Tell of a change, such as a deployment: reports of later faults name it")
async def post_change(request: AnyRequest, parts: Parts, data: JSONBody[ChangeRequest]) -> Change:
    """400 for a moment that is to come, or longer ago than 30 days."""
    now = parts.now()
    at = now if data.at is None else data.at
    if not now - MAX_PAST <= at <= now + AHEAD:
        raise ClientException("at: not to come, and at most 30 days ago")
    change = Change(entity=data.entity, what=data.what, at=at, actor=request.user.name, told_at=now)
    return await asyncio.wrap_future(
        parts.database.writer.run(lambda connection: storage.write_change(connection, change))
    )


@get("/api/v1/changes", summary="What was changed within 30 days, the latest first", sync_to_thread=True)
def list_changes(
    parts: Parts, limit: Annotated[int, QueryParameter(ge=1, le=storage.MAX_CHANGES)] = 200
) -> list[Change]:
    """As told by people and their tools; what packages were changed is in the inventory of each host."""
    now = parts.now()
    with parts.database.reading() as connection:
        return storage.read_changes(connection, now - MAX_PAST, now + AHEAD, limit)


async def _reload(parts: Parts) -> None:
    await asyncio.wrap_future(parts.diagnosis.ask(lambda: parts.pipeline.desk.reload_windows(parts.now())))


ROUTES = [get_site, post_site, list_windows, post_window, cancel_window, post_change, list_changes]
