"""``rootward tickets``: what is open, and what was."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime

from cli.client import Client, Unreachable, add_connection
from cli.text import table


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--open", action="store_true", help="only those not yet resolved or closed")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    add_connection(parser)


def run(options: argparse.Namespace) -> int:
    """0 listed, 2 the server could not be asked."""
    try:
        tickets = Client(options).json("/api/v1/tickets", **({"open": "1"} if options.open else {}))
    except Unreachable as error:
        print(f"rootward tickets: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(tickets, ensure_ascii=False))
        return 0
    if not tickets:
        print("No open tickets." if options.open else "No tickets.")
        return 0
    head = ("ID", "STATUS", "PRIORITY", "FAULT", "ENTITY", "CERTAINTY", "OPENED", "TITLE")
    print(table(head, [_row(ticket) for ticket in tickets]))
    return 0


def _row(ticket: dict[str, object]) -> tuple[object, ...]:
    diagnosis = ticket.get("diagnosis")
    found = diagnosis if isinstance(diagnosis, dict) else {}
    certainty = f"{found.get('verdict', '')} {float(found.get('probability', 0)):.2f}"
    columns = (ticket[name] for name in ("id", "status", "priority", "fault", "entity"))
    return (*columns, certainty, _local(ticket["opened_at"]), ticket["title"])


def _local(moment: object) -> str:
    """ISO text or epoch seconds, shown in the reader's zone."""
    if isinstance(moment, str):
        when = datetime.fromisoformat(moment)
    elif isinstance(moment, int | float):
        when = datetime.fromtimestamp(moment, tz=UTC)
    else:
        return ""
    return when.astimezone().strftime("%Y-%m-%d %H:%M:%S")
