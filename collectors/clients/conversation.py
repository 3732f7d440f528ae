"""One look at a local database or cache: asked in its own words; that it takes nobody more is told too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from collectors.clients.answer import Full, asked, note_direct
from collectors.clients.local import Local, shown
from collectors.host import Host
from collectors.judging import judged
from wire.judgement import Judgement, Reason

CONNECTIONS = "db.connections"
F = TypeVar("F")


def converse(
    host: Host,
    local: Local,
    ask: Callable[[Host, Local], F],
    judge: Callable[[F, Host, str], Iterable[Judgement]],
) -> Iterator[Judgement]:
    """``ask`` returns the facts, and may raise what ``asked`` knows, ``Full`` included."""
    subject = local.subject(host)
    full: list[str] = []

    def facts_of() -> F:
        try:
            return ask(host, local)
        except Full as error:
            full.append(str(error))
            raise

    facts, answer = asked(host, subject, facts_of, address=shown(local.where))
    if full:
        yield judged(CONNECTIONS, subject, Reason.EXHAUSTED, 1.0, error=full[0])
        return
    yield answer
    if facts is not None:
        note_direct(host, subject)
        yield from judge(facts, host, subject)
