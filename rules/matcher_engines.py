"""The two ways to find which patterns match where in a block of lines: hyperscan, or a set of RE2."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import re2

from rules.matcher_cache import compiled_database, forget_database
from rules.pattern import read_pattern


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:  # no wheel for this machine
        return None


hyperscan = _optional("hyperscan")

LINE_LIMIT = 8192
"""Bytes of a line that are looked at by RE2."""
SET_MEMORY = 256 * 1024 * 1024
"""A set that runs out of memory matches nothing, so it is given plenty: only what is used is taken."""

Event = tuple[int, int]
"""Offset behind a byte of the matched line, and the number of the pattern."""


def searched(pattern: str) -> tuple[str, bool]:
    """What the engines look for in place of the pattern, and whether it is in just the same lines."""
    read = read_pattern(pattern)
    exact, hint = read.shortest(), read.hint()
    return hint, hint == exact


class Engine(Protocol):
    name: str

    def find(self, block: bytes) -> list[Event]:
        """In rising order; may repeat a pattern per line. The line matches what ``searched`` made of it."""


class HyperscanEngine:
    """All patterns at once over the whole block."""

    name = "hyperscan"

    def __init__(self, patterns: Sequence[str], folder: Path | None) -> None:
        wanted = [searched(pattern)[0] for pattern in patterns]
        version = hyperscan.__version__
        try:
            self._database = hyperscan.loadb(
                compiled_database(wanted, version, folder), hyperscan.HS_MODE_BLOCK
            )
        except hyperscan.HyperscanError:  # a damaged file, or one from another machine
            forget_database(folder)
            self._database = hyperscan.loadb(
                compiled_database(wanted, version, folder), hyperscan.HS_MODE_BLOCK
            )
        self._scratch = hyperscan.Scratch(self._database)
        self._database.scratch = self._scratch

    def find(self, block: bytes) -> list[Event]:
        events: list[Event] = []
        append = events.append

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((end, number))

        self._database.scan(block, match_event_handler=note)
        events.sort()
        return events


class SetEngine:
    """The same patterns, line by line: slower, for machines without hyperscan."""

    name = "re2"

    def __init__(self, patterns: Sequence[str]) -> None:
        options = line_options()
        options.max_mem = SET_MEMORY
        self._set = re2.Set.SearchSet(options)
        for pattern in patterns:
            self._set.Add(searched(pattern)[0].encode())
        self._set.Compile()

    def find(self, block: bytes) -> list[Event]:
        events: list[Event] = []
        start = 0
        for line in block.split(b"\n"):
            head = line[:LINE_LIMIT]
            if head:
                end = start + len(head)
                events += [(end, number) for number in sorted(self._set.Match(head) or ())]
            start += len(line) + 1
        return events


def line_options() -> re2.Options:
    """Bytes, as hyperscan sees them."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return options


def choose_engine(patterns: Sequence[str], folder: Path | None) -> tuple[Engine, str]:
    """The best engine that works here, and why it is not hyperscan where it is not."""
    if hyperscan is None:
        return SetEngine(patterns), "hyperscan is not installed"
    try:
        return HyperscanEngine(patterns, folder), ""
    except (hyperscan.HyperscanError, OSError, subprocess.SubprocessError) as error:
        return SetEngine(patterns), f"hyperscan does not work here: {error}"
