"""``rootward record``: a file of what agents said lately, for ``rootward rerun``."""

from __future__ import annotations

import argparse
import os
import sys
import time

from cli.client import Client, Unreachable, add_connection

MINUTE = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Writes what agents said lately, what was known before, and what was declared: gzipped JSON lines. "
        "A server keeps at least the last five minutes or, where that is less, the last 16 MiB."
    )
    parser.add_argument("file", metavar="FILE", help="what to write, such as wrong.jsonl.gz; - for output")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--minutes", type=float, metavar="N", help="the last N minutes; else all that is kept")
    start.add_argument("--since", type=float, metavar="T", help="from a moment on, seconds since 1970 (UTC)")
    add_connection(parser)


def run(options: argparse.Namespace) -> int:
    """0 written, 1 the file cannot be written, 2 the server could not be asked."""
    since = options.since or 0.0
    if options.minutes is not None:
        since = time.time() - options.minutes * MINUTE
    query = {"since": repr(max(0.0, since))}
    try:
        client = Client(options)
        if options.file == "-":
            client.download("/api/v1/recording", sys.stdout.buffer, **query)
            return 0
        with open(options.file, "wb", opener=_private) as file:  # the opener sets the mode
            client.download("/api/v1/recording", file, **query)
    except Unreachable as error:
        print(f"rootward record: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"rootward record: {options.file}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _private(path: str, flags: int) -> int:
    """What hosts said is for the owner of the file only."""
    return os.open(path, flags, 0o600)
