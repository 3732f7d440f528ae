"""``rootward rerun``: a recording through the diagnosis of this version, ticket by ticket as JSON lines."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.text import harmless
from rules.catalogue import load_catalogue
from server.journal import open_journal
from server.recording.file import read_recording
from server.recording.lines import BadRecording, plain
from server.recording.rerun import rerun
from wire.codec import encode


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Runs what `rootward record` wrote through the stages of the server again, by the clock of the "
        "recording, without a server. The same file gives the same bytes: one JSON document per ticket."
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="a recording, gzipped or plain")
    parser.epilog = "exit codes: 0 done · 2 the file is no whole recording"


def run(options: argparse.Namespace) -> int:
    open_journal("error")
    try:
        with TemporaryDirectory(prefix="rootward-rerun-") as folder:
            told = rerun(partial(read_recording, options.file), Path(folder), load_catalogue())
    except (BadRecording, OSError) as error:
        print(harmless(f"rootward rerun: {options.file}: {error}"), file=sys.stderr)
        return 2
    for each in told:
        print(plain(encode(each).decode()))
    return 0
