"""Do the services that were found on this host still run and listen? Values: restarts; doors in trouble."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from threading import Lock
from typing import cast

from collectors.awaiting import Bell
from collectors.host import Host
from collectors.services.failed_units import judge_failed
from collectors.services.listening import all_services, listening_sockets
from collectors.services.pidfds import Pidfds
from collectors.services.service_verdicts import PORT, PROCESS, judge
from collectors.services.service_watch import ServiceWatch
from collectors.services.sockets import Socket
from collectors.unit import Collector
from wire.judgement import Judgement, Layer, Reason, Verdict

COLLECTOR = Collector(signals=(PROCESS, PORT), layer=Layer.APPLICATION)
POLL_SECONDS = 2.0
RESTART_SECONDS = 1.0
"""A restart on purpose is over by then."""
WATCHFUL_SECONDS = 120.0
"""After news every poll looks at all processes; later, while nothing changes, only some do."""
RELAXED_SECONDS = 10.0


def read(host: Host) -> Iterable[Judgement]:
    """Everything, learnt afresh."""
    state = _state(host)
    with state.lock:
        rows = listening_sockets(host)
        state.learn(host, rows)
        state.told.clear()
        found = [*judge(host, state.watch), *judge_failed(host, state.watch.watched.keys())]
        return [state.remember(judgement) for judgement in found]


async def follow(host: Host) -> AsyncIterator[Judgement]:
    """The kernel announces the end of a process; what listens is polled, cheaply while nothing changes."""
    state = _state(host)
    with Bell() as bell, Pidfds(bell) as pidfds:
        while True:
            pidfds.watch({one.pid for one in list(state.watch.watched.values()) if one.pid and host.real})
            await bell.rung(POLL_SECONDS)
            if pidfds.ended():
                await asyncio.sleep(RESTART_SECONDS)
            # a thread, because it may wait for a read under way and for systemd
            for judgement in await asyncio.to_thread(_poll, host, state):
                yield judgement


class _State:
    """Shared by ``read`` and ``follow``, which may run in different threads."""

    def __init__(self, host: Host) -> None:
        self.lock = Lock()
        self.watch = ServiceWatch(host)
        self.sockets: frozenset[tuple[str, int, int]] = frozenset()
        self.told: dict[tuple[str, str], tuple[Verdict, Reason]] = {}
        self.learnt_at = float("-inf")
        self.news_at = float("-inf")

    def learn(self, host: Host, rows: list[Socket]) -> None:
        self.watch.learn(all_services(host, rows))
        self.sockets = _fingerprint(rows)
        self.learnt_at = host.ticks()

    def must_learn(self, host: Host, rows: list[Socket]) -> bool:
        """A known door opened or closed, a process ended, one in trouble may be back. Other doors wait."""
        watched = self.watch.watched.values()
        changed = {(protocol, port) for protocol, port, _ in _fingerprint(rows) ^ self.sockets}
        known = {door for one in watched for door in (*one.doors, *one.remembered.doors)}
        if changed & known or not all(self.watch.alive(one) for one in watched if one.pid and one.doors):
            return True
        relaxed = host.ticks() - self.learnt_at >= RELAXED_SECONDS
        watchful = host.ticks() - self.news_at < WATCHFUL_SECONDS
        return bool(changed and relaxed) or (not self.healthy and (watchful or relaxed))

    def remember(self, judgement: Judgement) -> Judgement:
        self.told[(judgement.signal, judgement.subject)] = (judgement.verdict, judgement.reason)
        return judgement

    def is_news(self, judgement: Judgement) -> bool:
        before = self.told.get((judgement.signal, judgement.subject))
        return before != (judgement.verdict, judgement.reason)

    @property
    def healthy(self) -> bool:
        return not any(verdict in (Verdict.FAIL, Verdict.WARN) for verdict, _ in self.told.values())


def _state(host: Host) -> _State:
    if "state" not in host.memory:
        host.memory["state"] = _State(host)
    return cast("_State", host.memory["state"])


def _poll(host: Host, state: _State) -> list[Judgement]:
    """What is judged differently than before."""
    with state.lock:
        rows = listening_sockets(host)
        if state.must_learn(host, rows):
            state.learn(host, rows)
        else:
            state.watch.note_waiting(_waiting(rows))
        news = [one for one in judge(host, state.watch) if state.is_news(one)]
        if news:
            state.news_at = host.ticks()
        return [state.remember(judgement) for judgement in news]


def _fingerprint(rows: Iterable[Socket]) -> frozenset[tuple[str, int, int]]:
    return frozenset((row.protocol, row.port, row.inode) for row in rows)


def _waiting(rows: Iterable[Socket]) -> Counter[tuple[str, int]]:
    found: Counter[tuple[str, int]] = Counter()
    for row in rows:
        found[(row.protocol, row.port)] += row.waiting
    return found
