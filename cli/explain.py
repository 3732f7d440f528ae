"""``rootward explain``: the graph of evidence behind a ticket, and how the diagnosis narrowed."""

from __future__ import annotations

import argparse
import sys
from urllib.parse import quote

import msgspec

from cli.client import Client, Unreachable, add_connection
from cli.text import harmless
from rules.report.evidence_dot import evidence_dot
from rules.report.evidence_graph import EvidenceGraph, evidence_graph
from rules.report.explained import explained
from rules.report.view import ReportView
from wire.codec import decode, encode


class Explained(msgspec.Struct, frozen=True):
    """What ``--json`` prints: everything of the report, and the graph."""

    report: ReportView
    graph: EvidenceGraph


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="TICKET", help="ticket number")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document")
    form.add_argument("--dot", action="store_true", help="the graph for Graphviz")
    add_connection(parser)
    parser.epilog = (
        "An observation's weight is in nats: how much it moves the logarithm of the odds of a hypothesis, "
        "were that the only cause."
    )


def run(options: argparse.Namespace) -> int:
    """0 printed, 2 the server could not be asked."""
    try:
        answer = Client(options).get(f"/api/v1/tickets/{quote(options.id, safe='')}/report", format="json")
    except Unreachable as error:
        print(f"rootward explain: {error}", file=sys.stderr)
        return 2
    view = decode(answer.content, ReportView)
    if options.json:
        print(encode(Explained(view, evidence_graph(view))).decode())
    elif options.dot:
        print(evidence_dot(evidence_graph(view)), end="")
    else:
        print(harmless(explained(view)))
    return 0
