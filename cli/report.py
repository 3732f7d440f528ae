"""``rootward report``: the diagnostic report of one ticket."""

from __future__ import annotations

import argparse
import sys
from urllib.parse import quote

from cli.client import Client, Unreachable, add_connection
from cli.text import harmless


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="ticket number")
    parser.add_argument("--format", choices=("md", "html", "json"), default="md")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--json", action="store_true", help="the same as --format json")
    add_connection(parser)


def run(options: argparse.Namespace) -> int:
    """0 printed, 2 the server could not be asked."""
    form = "json" if options.json else options.format
    try:
        answer = Client(options).get(
            f"/api/v1/tickets/{quote(options.id, safe='')}/report", format=form, lang=options.lang
        )
    except Unreachable as error:
        print(f"rootward report: {error}", file=sys.stderr)
        return 2
    answer.encoding = "utf-8"
    print(harmless(answer.text) if form == "md" else answer.text)
    return 0
