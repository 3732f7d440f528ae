"""What the server wants from each host: tasks, a snapshot, whom it pings, how soon it should ask again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping

from server.recording.lines import Asked, HungUp
from wire.codec import fingerprint
from wire.exchange import Task

SOON = 0.5
"""Seconds after which a host in an open diagnosis asks again."""
ATTENTION = 10.0
"""Seconds for which a host counts as noticed: long enough for the diagnosis to begin."""
MAX_NOTICED = 10_000
MAX_WAITING = 64
"""Tasks that wait for one host, at most; the oldest give way."""
MAX_TOLD = 20_000


class TaskDesk:
    """Filled by the diagnosis thread, emptied by the event loop. Hosts are called by name."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tasks: defaultdict[str, dict[str, Task]] = defaultdict(dict)
        self._snapshots: set[str] = set()
        self._attended: frozenset[str] = frozenset()
        self._noticed: dict[str, float] = {}
        self._peers: Mapping[str, tuple[str, ...]] = {}
        self._held: dict[str, asyncio.Future[None]] = {}
        self._hung_up: dict[str, float] = {}
        self._told: deque[Asked | HungUp] = deque(maxlen=MAX_TOLD)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """From here on held requests can be woken."""
        self._loop = loop

    def offer(self, host: str, task: Task) -> None:
        """Hands ``task`` to the agent of ``host`` with its next answer; wakes its held request."""
        with self._lock:
            waiting = self._tasks[host]
            waiting[task.id] = task
            while len(waiting) > MAX_WAITING:
                del waiting[next(iter(waiting))]
        self._told.append(Asked(at=self._now(), host=host, task=task))
        self.notice(host)
        self._wake(host)

    def withdraw(self, host: str, task_id: str) -> None:
        """For a task whose question was answered otherwise."""
        with self._lock:
            self._tasks[host].pop(task_id, None)

    def want_snapshot(self, host: str) -> None:
        with self._lock:
            self._snapshots.add(host)
        self._wake(host)

    def attend(self, hosts: Iterable[str]) -> None:
        """The hosts of open diagnoses, all of them: their agents ask again soon."""
        self._attended = frozenset(hosts)

    def notice(self, host: str) -> None:
        """A symptom came from there, or a task goes there: for a while its agent asks again soon."""
        now = self._now()
        with self._lock:
            self._noticed[host] = now + ATTENTION
            if len(self._noticed) > MAX_NOTICED:
                self._noticed = {name: until for name, until in self._noticed.items() if until > now}

    def spread(self, peers: Mapping[str, tuple[str, ...]]) -> None:
        """Which addresses each host should ping, in place of what was said before."""
        self._peers = peers

    def peers(self, host: str, told: str) -> tuple[str, ...] | None:
        """What to tell an agent that pings those whose fingerprint is ``told``; None when it is the same."""
        peers = self._peers.get(host)
        if peers is None or told == (fingerprint(peers) if peers else ""):
            return None
        return peers

    def poll_after(self, host: str, interval: float) -> float:
        """An agent with a held request is reached at once; asking too would only cost."""
        attended = host in self._attended or self._noticed.get(host, 0.0) > self._now()
        return min(SOON, interval) if attended and host not in self._held else interval

    def take(self, host: str) -> tuple[tuple[Task, ...], bool]:
        """What waits for this host and has not expired, and whether its snapshot is wanted. Given once."""
        now = self._now()
        with self._lock:
            waiting = self._tasks.pop(host, {})
            snapshot = host in self._snapshots
            self._snapshots.discard(host)
        return tuple(task for task in waiting.values() if task.expires_at > now), snapshot

    async def hold(
        self, host: str, seconds: float, left: Callable[[], Awaitable[None]] | None = None
    ) -> bool:
        """Returns when something waits for this host, when time is up, or when a newer request takes over.

        What ``left`` starts ends when the caller hangs up. False then: nobody is there to be answered.
        """
        with self._lock:
            self._hung_up.pop(host, None)
            if self._closed or self._tasks.get(host) or host in self._snapshots:
                return True
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            older = self._held.get(host)
            self._held[host] = woken
        if older is not None and not older.done():
            older.set_result(None)
        leaving: asyncio.Future[None] = asyncio.Future() if left is None else asyncio.ensure_future(left())
        try:
            await asyncio.wait([woken, leaving], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            there = not leaving.done()
            leaving.cancel()
            with self._lock:
                if self._held.get(host) is woken:
                    del self._held[host]
                    if not there and not self._closed:
                        self.hung_up(host, self._now())
        return there

    def hung_up(self, host: str, at: float) -> None:
        """The host closed the connection on which its agent waited."""
        self._hung_up[host] = at
        self._told.append(HungUp(at=at, host=host))

    def history(self) -> tuple[Asked | HungUp, ...]:
        """What was asked lately, and who hung up; the oldest first."""
        with self._lock:
            return tuple(self._told)

    def gone(self) -> dict[str, float]:
        """Hosts that closed the connection on which their agent waited, and when; until they come back."""
        with self._lock:
            return dict(self._hung_up)

    def close(self) -> None:
        """Lets every held request go; called in the event loop."""
        with self._lock:
            self._closed = True
            held = list(self._held.values())
        for woken in held:
            if not woken.done():
                woken.set_result(None)

    @property
    def held(self) -> int:
        return len(self._held)

    def _wake(self, host: str) -> None:
        woken = self._held.get(host)
        if woken is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(_resolve, woken)


def _resolve(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
