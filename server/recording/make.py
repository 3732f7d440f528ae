"""What a living server can tell of the last minutes, as the lines of a recording."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from operator import attrgetter

import msgspec
import structlog
from sqlalchemy import Connection

from rules.diagnosis import Key
from server.current import CurrentState
from server.diagnosis.closed import MEMORY_OF_RUNS
from server.ingest.body import stored
from server.recording.lines import Asked, Declared, Ended, Head, HungUp, Known, Line, Planned, Said
from server.storage import batches
from server.storage.database import Database
from server.storage.declarations import read_sites, read_windows
from wire.codec import Malformed, decode
from wire.exchange import MAX_BODY, Batch

_log = structlog.get_logger("recording")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where a recording is made from."""

    database: Database
    agents: Mapping[str, str]
    """Agent → host, of all that are enrolled."""
    told: tuple[Asked | HungUp, ...]
    """What the tests of drill-downs were, and who hung up; the oldest first."""
    ends: tuple[tuple[float, tuple[Key, ...]], ...]
    """When tickets were resolved, and which looks their matter were; the oldest first."""
    started_at: float
    server_host: str


def make(source: Source, since: float, now: float) -> Iterator[Line]:
    """From ``since`` on or, where the batch log no longer reaches back so far, from as early as it does.

    The state at the beginning is that of the checkpoint before the last, with the batches up to then
    applied. One reading of the database, so that nothing is missed or told twice.
    """
    current = CurrentState(source.started_at)
    with source.database.reading() as connection:
        said = _said(connection, source.agents, _restore(connection, source.agents, current))
        begins = None
        first = next(said, None)
        while first is not None and first.at < since:
            current.apply(first.batch, first.at)
            begins = since
            first = next(said, None)
        if begins is None:
            begins = first.at if first is not None else now
        yield Head(
            format="rootward-recording",
            version=1,
            begins=begins,
            ends=max(now, begins),
            started_at=source.started_at,
            server_host=source.server_host,
        )
        for agent in sorted(current.agents()):
            yield Known(agent=current.saved(agent))
        yield from _ended(source.ends, begins)
        later = chain([] if first is None else [first], said)
        yield from heapq.merge(later, *_beside(connection, source, begins), key=attrgetter("at"))


def _restore(connection: Connection, agents: Mapping[str, str], current: CurrentState) -> dict[str, int]:
    """Agent → the last batch that its state holds."""
    held: dict[str, int] = {}
    for agent, host in agents.items():
        current.admit(agent, host)
    for agent, upto, body in batches.load_checkpoints(connection, before=True):
        if agent in agents:
            current.restore(body)
            held[agent] = upto
    return held


def _said(connection: Connection, agents: Mapping[str, str], held: Mapping[str, int]) -> Iterator[Said]:
    for number, agent, received_at, _last_seq, body in batches.replay(connection):
        if agent not in agents or number <= held.get(agent, 0):
            continue
        try:
            yield Said(at=received_at, batch=decode(stored(body, MAX_BODY), Batch))
        except Malformed as error:  # written by another version; a resync has put it right
            _log.warning("a logged batch cannot be read", batch=number, agent=agent, error=str(error))


def _ended(ends: Iterable[tuple[float, tuple[Key, ...]]], begins: float) -> Iterator[Ended]:
    for at, looks in ends:
        if begins - MEMORY_OF_RUNS <= at <= begins:
            yield Ended(at=at, looks=looks)


def _beside(connection: Connection, source: Source, begins: float) -> list[list[Line]]:
    """What was not said by agents, in time order each. What stood before the beginning stands at it."""
    sites = [Declared(at=max(at, begins), site=site) for site, at in read_sites(connection, begins)]
    windows = sorted(read_windows(connection, begins), key=attrgetter("created_at", "id"))
    planned = [Planned(at=max(each.created_at, begins), window=each) for each in windows]
    return [list(sites), list(planned), [each for each in source.told if each.at >= begins]]
