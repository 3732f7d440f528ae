"""From the end of a tool to judgements: what it said, or why it could say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from collectors.command import Completed
from collectors.host import Host
from wire.entity import Entity
from wire.judgement import Judgement, Reason, unknown

F = TypeVar("F")
LONGEST = 256


def answered(
    done: Completed,
    parse: Callable[[bytes], F],
    judge: Callable[[F, Host], Iterable[Judgement]],
    host: Host,
    *,
    otherwise: tuple[str, Entity],
    tool: str,
) -> Iterator[Judgement]:
    """``otherwise`` are signal and subject of the unknown that stands in for an answer."""
    signal, subject = otherwise
    complaint = done.err.decode("utf-8", "replace").strip()[:LONGEST]
    if done.missing or done.late:
        reason = Reason.TOOL_MISSING if done.missing else Reason.DEADLINE
        yield unknown(signal, subject, reason, tool=tool)
        return
    try:
        found = parse(done.out)
    except ValueError as error:
        reason = Reason.UNREADABLE if done.ok else Reason.NOT_PERMITTED
        yield unknown(signal, subject, reason, tool=tool, error=complaint or str(error))
        return
    yield from judge(found, host)
