"""Tickets over HTTP: list, one with its story, its report, and what people do with it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from litestar import MediaType, Request, get, post
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromQuery, JSONBody, PathParameter, QueryParameter
from litestar.response import Response

from rules.report import render
from server.desk.actions import Action, UnknownTicket, possible
from server.desk.actions import Request as ActionRequest
from server.desk.report_view import report_view, told_between
from server.desk.shown import Shown, Whole, shown, whole
from server.desk.states import Refused
from server.parts import Parts
from server.storage import tickets as storage
from server.storage.declarations import MAX_CHANGES, read_changes

Language = Literal["en", "zh"]
Number = Annotated[int, PathParameter(ge=1, le=2**31)]
MEDIA = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}
MAX_LISTED = 1000


@get("/api/v1/tickets", summary="Tickets, newest first", sync_to_thread=True)
def list_tickets(
    parts: Parts,
    only_open: Annotated[Literal["0", "1"], QueryParameter(name="open")] = "0",
    lang: FromQuery[Language] = "en",
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LISTED)] = 200,
) -> list[Shown]:
    """``open=1``: only those that somebody still has to work on."""
    with parts.database.reading() as connection:
        found = storage.read_tickets(connection, only_open=only_open == "1", limit=limit)
        return [shown(each, storage.read_diagnosis(connection, int(each.id)), lang) for each in found]


@get("/api/v1/tickets/{number:int}", summary="One ticket with its story", sync_to_thread=True)
def get_ticket(parts: Parts, number: Number, lang: FromQuery[Language] = "en") -> Whole:
    """404 for a number that no ticket has."""
    with parts.database.reading() as connection:
        ticket = storage.read_ticket(connection, number)
        if ticket is None:
            raise NotFoundException(f"no ticket has the number {number}")
        return whole(
            ticket,
            storage.read_diagnosis(connection, number),
            lang,
            events=storage.read_events(connection, number),
            observations=storage.read_cited(connection, number),
            actions=possible(ticket),
        )


@get("/api/v1/tickets/{number:int}/report", summary="The diagnostic report", sync_to_thread=True)
def get_report(
    parts: Parts,
    number: Number,
    form: Annotated[Literal["md", "html", "json"], QueryParameter(name="format")] = "md",
    lang: FromQuery[Language] = "en",
) -> Response[str]:
    """Markdown, an HTML article, or JSON."""
    text = report_text(parts, number, form, lang)
    if text is None:
        raise NotFoundException(f"no ticket has the number {number}, or it has no diagnosis")
    return Response(text, media_type=MEDIA[form])


def report_text(
    parts: Parts, number: int, form: Literal["md", "html", "json"], language: Language
) -> str | None:
    """None where there is no such ticket, or no diagnosis of it."""
    with parts.database.reading() as connection:
        ticket = storage.read_ticket(connection, number)
        diagnosis = storage.read_diagnosis(connection, number)
        if ticket is None or diagnosis is None:
            return None
        view = report_view(
            ticket,
            diagnosis,
            events=storage.read_events(connection, number),
            observations=storage.read_cited(connection, number),
            routing=parts.pipeline.routing,
            language=language,
            now=parts.now(),
            inventories=parts.current.inventories(),
            changes=read_changes(connection, *told_between(ticket, parts.now()), MAX_CHANGES),
        )
    return render(view, parts.pipeline.catalogue, form, language)


@post(
    "/api/v1/tickets/{number:int}/{action:str}",
    status_code=200,
    media_type=MediaType.JSON,
    summary="Do something with a ticket",
)
async def act(
    request: Request[Any, Any, Any],
    parts: Parts,
    number: Number,
    action: Annotated[str, PathParameter(max_length=16)],
    data: JSONBody[ActionRequest],
) -> Shown:
    """400 with the reason where the ticket's state does not allow it."""
    if action not in set(Action):
        raise NotFoundException(f"{action} is none of: {', '.join(Action)}")
    by = (request.user.name, "web" if request.user.session else "api")
    pipeline = parts.pipeline
    done = parts.diagnosis.ask(lambda: pipeline.actions.act(str(number), Action(action), data, by))
    try:
        ticket = await asyncio.wrap_future(done)
    except UnknownTicket as error:
        raise NotFoundException(str(error)) from None
    except Refused as error:
        raise ClientException(str(error)) from None
    return shown(ticket, pipeline.desk.diagnoses.get(ticket.id), "en")


ROUTES = [list_tickets, get_ticket, get_report, act]
