"""Reads the log rules of node-problem-detector (its config/*.json) as signatures, unchanged.

Its patterns are Go regular expressions that must match up to the end of the line. Rules that run a
program instead of reading a log are not for us and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from rules.catalogue import BadRule
from rules.matching.pattern import BadPattern, read_pattern
from rules.matching.signatures import Breadth, Severity, Signature

READS_LOGS = frozenset(["kmsg", "journald", "filelog"])
SIGNAL = "log.other_fault"


class Rule(msgspec.Struct):
    """One entry of ``rules``; what we do not need is not read."""

    type: Literal["temporary", "permanent"] = "temporary"
    reason: str = ""
    pattern: str = ""


class _File(msgspec.Struct):
    plugin: str = ""
    rules: list[Rule] = []


def read_npd(path: Path) -> Iterator[Signature]:
    """The log rules of one file, none where it holds none. Raises BadRule for a pattern we cannot run."""
    try:
        content: Any = msgspec.json.decode(path.read_bytes())
        if not isinstance(content, dict) or content.get("plugin") not in READS_LOGS:
            return
        rules = msgspec.convert(content, type=_File).rules
    except msgspec.DecodeError as error:
        raise BadRule(f"{path.name}: {error}") from None
    for number, rule in enumerate(rules, 1):
        if rule.pattern:
            yield _signature(path, number, rule)


def _signature(path: Path, number: int, rule: Rule) -> Signature:
    pattern = rule.pattern + "$"
    try:
        read_pattern(pattern)
    except BadPattern as error:
        raise BadRule(f"{path.name}: rule {number} ({rule.reason}): {error}") from None
    return Signature(
        id="-".join(["npd", *_words(path.stem), *_words(rule.reason), str(number)]),
        signal=SIGNAL,
        severity=Severity.ERROR if rule.type == "permanent" else Severity.WARNING,
        pattern=pattern,
        # Where one of ours knows the message too, it names the entity and what proves the repair.
        breadth=Breadth.WIDE,
        samples=(),
        near_misses=(),
    )


def _words(name: str) -> list[str]:
    """``KernelOops`` → ``kernel``, ``oops``."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
