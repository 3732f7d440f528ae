"""Open tickets, one ticket with its report, hosts."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from litestar.response import Redirect, Response

from server.api.hosts import hosts_shown
from server.api.snapshots import snapshots_of
from server.api.tickets import report_text
from server.desk.actions import Action, Request, UnknownTicket, possible
from server.desk.shown import Shown, shown
from server.desk.states import Refused
from server.desk.wording import plain
from server.parts import Parts
from server.storage import tickets as storage
from server.web import sign_in
from server.web.page import AnyRequest, page
from server.web.words import language_of
from wire.exchange import MAX_SNAPSHOT

Number = Annotated[int, PathParameter(ge=1, le=2**31)]
LISTED = 500
REFRESH = 10
"""Seconds after which a list asks again by itself."""
BY_BUTTON = (Action.ASSIGN, Action.START, Action.RESOLVE, Action.REOPEN, Action.CLOSE, Action.NOTE)
"""What needs no more than a reason; the rest is done over the API."""


@get("/", include_in_schema=False, sync_to_thread=True)
def tickets(request: AnyRequest, parts: Parts) -> Response[str]:
    everything = request.query_params.get("all") == "1"
    language = language_of(request)
    with parts.database.reading() as connection:
        found = storage.read_tickets(connection, only_open=not everything, limit=LISTED)
    lines = [_line(shown(each, None, language)) for each in found]
    return page(request, "tickets", place="all" if everything else "tickets", refresh=REFRESH, tickets=lines)


@get("/tickets/{number:int}", include_in_schema=False)
async def ticket(request: AnyRequest, parts: Parts, number: Number) -> Response[str]:
    return await asyncio.to_thread(_ticket, request, parts, number)


@post("/tickets/{number:int}", include_in_schema=False)
async def act(request: AnyRequest, parts: Parts, number: Number) -> Response[str] | Redirect:
    """A refused action shows the ticket again and says why."""
    form = await request.form()
    action = str(form.get("action", ""))
    if action not in BY_BUTTON:
        raise NotFoundException(f"{action[:16]!r} is no action of this page")
    assignee = request.user.name if action == Action.ASSIGN else ""
    wanted = Request(reason=str(form.get("reason", ""))[:2000], assignee=assignee)
    by = (request.user.name, "web")
    pipeline = parts.pipeline
    done = parts.diagnosis.ask(lambda: pipeline.actions.act(str(number), Action(action), wanted, by))
    try:
        await asyncio.wrap_future(done)
    except UnknownTicket as error:
        raise NotFoundException(str(error)) from None
    except Refused as error:
        return await asyncio.to_thread(_ticket, request, parts, number, str(error))
    return Redirect(f"/tickets/{number}", status_code=303)


@get("/tickets/{number:int}/snapshots", include_in_schema=False, sync_to_thread=True)
def snapshots(request: AnyRequest, parts: Parts, number: Number) -> Response[str]:
    found = snapshots_of(parts, number)
    if found is None:
        raise NotFoundException(f"no ticket has the number {number}")
    inert = [
        {
            "host": each.host,
            "at": _moment(each.at),
            "sections": {plain(name): _inert(text) for name, text in each.sections.items()},
        }
        for each in found
    ]
    return page(request, "snapshots", place="", number=number, snapshots=inert)


@get("/hosts", include_in_schema=False, sync_to_thread=True)
def hosts(request: AnyRequest, parts: Parts) -> Response[str]:
    lines = [
        {
            "name": each.host,
            "state": each.state,
            "last_seen": _moment(each.last_heard),
            "failing": each.failing,
            "looks": each.looks,
            "tags": ", ".join(f"{name}={value}" for name, value in sorted(each.tags.items())),
        }
        for each in hosts_shown(parts)
    ]
    return page(request, "hosts", refresh=REFRESH, hosts=lines)


def _ticket(request: AnyRequest, parts: Parts, number: int, error: str = "") -> Response[str]:
    with parts.database.reading() as connection:
        found = storage.read_ticket(connection, number)
    if found is None:
        raise NotFoundException(f"no ticket has the number {number}")
    language = language_of(request)
    return page(
        request,
        "ticket",
        status=409 if error else 200,
        place="",
        ticket=shown(found, None, language),
        report=report_text(parts, number, "html", language) or "",
        moves=[action for action in BY_BUTTON if action in possible(found)],
        error=error,
    )


def _line(each: Shown) -> dict[str, Any]:
    return {
        **{name: getattr(each, name) for name in ("id", "priority", "title", "fault", "entity", "domain")},
        **{name: getattr(each, name) for name in ("team", "status")},
        "certainty": each.diagnosis.verdict,
        "probability": f"{min(each.diagnosis.probability, 0.999):.1%}",
        "opened": _moment(each.opened_at),
        "opened_iso": each.opened_at,
    }


def _moment(iso: str | None) -> str:
    """``2026-03-01T04:05:06.789Z`` → ``2026-03-01 04:05:06 UTC``."""
    return f"{iso[:19].replace('T', ' ')} UTC" if iso else ""


def _inert(text: str) -> str:
    """Lines stay; what a terminal or a reader of right-to-left text would obey goes."""
    return "\n".join(plain(line, MAX_SNAPSHOT) for line in text.split("\n"))


ROUTES = [tickets, ticket, act, snapshots, hosts, *sign_in.ROUTES]
