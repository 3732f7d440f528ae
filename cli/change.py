"""``rootward change``: tells the server of a deployment or another change, so that reports can name it."""

from __future__ import annotations

import argparse
import sys
import time

from cli.client import Client, Unreachable, add_connection


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("entity", metavar="ENTITY", help="what was changed: host:web1, service:web1/nginx …")
    parser.add_argument("what", metavar="WHAT", help="one sentence, such as a version")
    parser.add_argument("--ago", type=float, default=0.0, metavar="SECONDS", help="how long ago it was (0)")
    add_connection(parser)
    parser.epilog = "Reports of later faults there tell of it; it is no evidence, and explains nothing away."


def run(options: argparse.Namespace) -> int:
    """0 told, 2 the server could not be asked, or refused."""
    body = {"entity": options.entity, "what": options.what, "at": time.time() - options.ago}
    try:
        Client(options).post("/api/v1/changes", body)
    except Unreachable as error:
        print(f"rootward change: {error}", file=sys.stderr)
        return 2
    return 0
