"""What is true now: the latest result per agent, signal and subject, rebuilt from disk at start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from server.clocks import Clock
from server.entry import Applied, Entry, Key, Presence
from server.known_agent import KnownAgent, Saved
from wire.codec import fingerprint
from wire.exchange import Batch, Heartbeat
from wire.inventory import Inventory
from wire.judgement import Verdict
from wire.observation import Observation

OVERDUE_AFTER = 3
"""Heartbeats that may be missed before an agent counts as silent."""


class CurrentState:
    """One thread applies; any thread may ask: what is handed out never changes.

    ``apply`` depends on nothing but its arguments and what was applied before, so that replaying the
    batch log after a checkpoint gives the same state.
    """

    def __init__(self, started_at: float = 0.0) -> None:
        self.started_at = started_at
        self._agents: dict[str, KnownAgent] = {}
        self._by_host: dict[str, KnownAgent] = {}
        """The agent of each host; of several the one that spoke last."""

    def admit(self, agent: str, host: str) -> None:
        """An agent is known from its enrolment on."""
        if agent not in self._agents:
            self._know(KnownAgent(Saved(agent=agent, host=host)))

    def restore(self, body: bytes) -> None:
        """One agent from its checkpoint."""
        self.take_over(msgspec.msgpack.decode(body, type=Saved))

    def take_over(self, saved: Saved) -> None:
        """One agent as it was known elsewhere, or at another time; ``saved`` stays as it is."""
        clock = msgspec.structs.replace(saved.clock)
        self._know(KnownAgent(msgspec.structs.replace(saved, clock=clock)))

    def _know(self, known: KnownAgent) -> None:
        self._agents[known.saved.agent] = self._by_host[known.saved.host] = known

    def save(self, agent: str) -> bytes:
        return msgspec.msgpack.encode(self.saved(agent))

    def saved(self, agent: str) -> Saved:
        """All that is known of one agent."""
        return self._agents[agent].save()

    def forget(self, agent: str, now: float, *, replaced: bool) -> Applied | None:
        """A revoked agent: nothing it said stands any longer. ``replaced``: its host has another."""
        known = self._agents.pop(agent, None)
        if known is None:
            return None
        if self._by_host.get(known.saved.host) is known:
            del self._by_host[known.saved.host]
        retired = tuple(known.standing())
        return Applied(
            agent=agent, host=known.saved.host, received_at=now, retired=retired, gone=not replaced
        )

    def apply(self, batch: Batch, received_at: float) -> Applied:
        """Applies what is above the agent's mark. Raises KeyError for an agent that was never admitted."""
        known = self._agents[batch.agent]
        saved = known.saved
        self._by_host[saved.host] = known
        returned = bool(saved.goodbye) or (saved.last_heard > 0 and received_at > self._overdue_at(saved))
        rebooted = bool(saved.boot) and bool(batch.boot) and saved.boot != batch.boot
        late = batch.boot == saved.boot and batch.sent_at < saved.sent_at
        if rebooted:
            saved.clock.forget()
        saved.boot = batch.boot or saved.boot
        clock_moved = saved.clock.hear(batch.sent_at, received_at)
        saved.sent_at = batch.sent_at
        saved.last_heard = received_at
        saved.dropped = batch.dropped
        observed = _observe(known, batch, received_at, whole=batch.resync and not late)
        if batch.inventory is not None:
            saved.inventory = batch.inventory
            saved.inventory_digest = fingerprint(batch.inventory)
        beat = batch.heartbeat
        if beat is not None:
            saved.interval = beat.interval
            _refresh(known, beat, received_at)
        saved.goodbye = beat.goodbye if beat is not None else ""
        return Applied(
            agent=batch.agent,
            host=saved.host,
            received_at=received_at,
            changed=tuple(observed.changed),
            results=observed.results,
            symptoms=observed.symptoms,
            clamped=observed.clamped,
            retired=tuple(observed.retired),
            inventory=batch.inventory,
            heartbeat=beat,
            goodbye=saved.goodbye,
            rebooted=rebooted,
            clock_moved=clock_moved,
            returned=returned,
            refusals=batch.refusals,
            resync=beat is not None and beat.digest != known.digest,
            want_inventory=beat is not None
            and (saved.inventory is None or beat.inventory != saved.inventory_digest),
        )

    def mark(self, agent: str) -> int:
        """The highest sequence applied; 0 for an agent of whom nothing was."""
        known = self._agents.get(agent)
        return known.saved.mark if known is not None else 0

    def knows(self, agent: str) -> bool:
        return agent in self._agents

    def agents(self) -> tuple[str, ...]:
        return tuple(self._agents)

    def hosts(self) -> tuple[str, ...]:
        """Those that have an agent."""
        return tuple(self._by_host)

    def entries(self, agent: str | None = None) -> list[Entry]:
        """What stands now, of one agent or of all."""
        chosen = list(self._agents.values()) if agent is None else [self._agents[agent]]
        return [entry for known in chosen for entry in known.standing()]

    def standing(self, host: str) -> list[Entry]:
        """What stands now of one host."""
        known = self._by_host.get(host)
        return known.standing() if known is not None else []

    def inventories(self) -> list[Inventory]:
        """The latest of every host that sent one."""
        found = [known.saved.inventory for known in list(self._agents.values())]
        return [inventory for inventory in found if inventory is not None]

    def presences(self) -> list[Presence]:
        return [self._presence(known.saved) for known in list(self._agents.values())]

    def presence(self, agent: str) -> Presence | None:
        known = self._agents.get(agent)
        return None if known is None else self._presence(known.saved)

    def clock(self, agent: str) -> Clock | None:
        """What is known of its clock."""
        known = self._agents.get(agent)
        return None if known is None else known.saved.clock

    def agent_of(self, host: str) -> str:
        """The agent of this host that spoke last; empty where there is none."""
        known = self._by_host.get(host)
        return "" if known is None else known.saved.agent

    def overdue(self, now: float) -> list[Presence]:
        """Agents that were heard once, said no goodbye, and missed three heartbeats."""
        return [
            presence
            for presence in self.presences()
            if presence.last_heard > 0 and not presence.goodbye and presence.overdue_at < now
        ]

    def _presence(self, saved: Saved) -> Presence:
        return Presence(
            agent=saved.agent,
            host=saved.host,
            boot=saved.boot,
            last_heard=saved.last_heard,
            # While the server was down nobody could be heard.
            overdue_at=max(self._overdue_at(saved), self.started_at + OVERDUE_AFTER * saved.interval),
            goodbye=saved.goodbye,
        )

    @staticmethod
    def _overdue_at(saved: Saved) -> float:
        return saved.last_heard + OVERDUE_AFTER * saved.interval


class _Observed(NamedTuple):
    """What a batch's observations came to, as in ``Applied``."""

    changed: Sequence[Entry] = ()
    retired: Sequence[Entry] = ()
    results: int = 0
    symptoms: bool = False
    clamped: int = 0


NOTHING = _Observed()


def _observe(known: KnownAgent, batch: Batch, received_at: float, *, whole: bool) -> _Observed:
    """``whole``: what is not in the batch no longer stands. One pass: this is most of what ingest costs."""
    if not batch.observations and not whole:
        return NOTHING
    changed: list[Entry] = []
    retired: list[Entry] = []
    results, symptoms, clamped = 0, False, 0
    saved = known.saved
    host, clock = saved.host, (saved.clock.shift, saved.clock.error)
    for seen in batch.observations:
        key = (seen.signal, seen.subject)
        if seen.seq > saved.mark:
            saved.mark = seen.seq
        elif not (whole and _missed(known.get(key), seen)):
            continue
        if seen.retired:
            old = known.take(key)
            if old is not None:
                retired.append(old)
            continue
        entry = _dated(host, seen, clock, received_at)
        before = known.put(key, entry)
        results += 1
        if before is None or not entry.continues(before):
            changed.append(entry)
        if entry.clamped:
            clamped += 1
        if seen.verdict is Verdict.FAIL or seen.verdict is Verdict.WARN:
            symptoms = True
    if whole:
        retired += _absent(known, batch.observations)
    return _Observed(changed, retired, results, symptoms, clamped)


def _missed(old: Entry | None, seen: Observation) -> bool:
    """Is this, out of a whole state, something that we should have and do not?"""
    return old is None or old.observation.seq < seen.seq


def _absent(known: KnownAgent, observations: Iterable[Observation]) -> Iterator[Entry]:
    said: set[Key] = {(seen.signal, seen.subject) for seen in observations}
    for key in sorted(known.keys - said):
        old = known.take(key)
        if old is not None:
            yield old


def _dated(host: str, seen: Observation, clock: tuple[float, float], received_at: float) -> Entry:
    """Times on the server's clock; nothing was seen later than it was received, nor before 1970.

    Written without min and max: this runs for every observation.
    """
    shift, error = clock
    at = seen.at + shift
    clamped = 0.0
    if at > received_at:
        clamped = at - received_at if at - received_at > error else 0.0
        at = received_at
    at = at if at > 0 else 0.0
    since = seen.since + shift
    opposite = seen.opposite_at
    if opposite is not None:
        opposite += shift
        opposite = at if opposite > at else opposite if opposite > 0 else 0.0
    since = at if since > at else since if since > 0 else 0.0
    return Entry(host, seen, since, at, opposite, error, clamped)


def _refresh(known: KnownAgent, beat: Heartbeat, received_at: float) -> None:
    shift = known.saved.clock.shift
    for name, at in beat.rounds.items():
        known.confirm(name, min(max(at + shift, 0.0), received_at))
