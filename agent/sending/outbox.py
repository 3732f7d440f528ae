"""Between what looks and what sends: state, spool and what the next batch says, under one lock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

import msgspec

from agent.edge.evidence import cleaned, number
from agent.edge.state import EdgeState, Entry, Finding, Key, News
from agent.sending.spool import Spool
from wire.codec import Malformed, encode, fingerprint
from wire.exchange import Ack, Batch, Heartbeat, Refusal
from wire.inventory import Inventory
from wire.observation import Observation

log = logging.getLogger("rootward.outbox")
BATCH = 500
BATCH_BYTES = 3 * 1024 * 1024
REFUSALS = 256
UNSAYABLE = 1_000


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A batch on its way, and what its acknowledgement will settle."""

    batch: Batch
    inventory_digest: str = ""
    drained: bool = True
    """Nothing else was waiting when it was made."""


class Outbox:
    """Any thread may call. A heartbeat's digest and rounds go only with the batch that empties the spool,
    so that the server never compares a state of now with observations it has not seen yet.
    """

    def __init__(
        self, spool: Spool, state: EdgeState, *, clock: Callable[[], float], wake: Callable[[], None]
    ) -> None:
        self._spool = spool
        self._state = state
        self._clock = clock
        self._wake = wake
        self._lock = threading.Lock()
        self._rounds: dict[str, float] = {}
        self._rounds_told: dict[str, float] = {}
        self._inventory: Inventory | None = None
        self._inventory_digest = ""
        self._inventory_told = ""
        self._refusals: list[Refusal] = []
        self._resync = False
        self._bad: set[int] = set()
        self._unsayable: set[Key] = set()
        self._changed = True
        self.peers = ""
        """``fingerprint`` of the addresses that the server told us to ping."""
        self.malformed = 0
        """Judgements of faulty units that no observation could be made of."""

    # --- what was seen

    def submit(self, findings: Iterable[Finding]) -> None:
        with self._lock:
            news = False
            for finding in findings:
                judgement = finding.judgement
                if (judgement.signal, judgement.subject) in self._unsayable:
                    continue
                for told in self._state.apply(cleaned(finding)):
                    news = self._keep(told) or news
            self._changed = self._changed or news
        if news:
            self._wake()

    def retire(self, unwanted: Callable[[Entry], bool]) -> int:
        """Say of all entries that ``unwanted`` picks that they are no longer looked at."""
        with self._lock:
            entries = [entry for entry in self._state if unwanted(entry)]
            for entry in entries:
                self._keep(self._state.retire(entry, self._clock()))
            self._changed = self._changed or bool(entries)
        return len(entries)

    def complete(self, round_name: str, at: float) -> None:
        """A round ended: all that it looks at was judged, also where nothing changed."""
        with self._lock:
            self._rounds[round_name] = at

    def discover(self, inventory: Inventory) -> bool:
        """Take in what was discovered; returns whether it differs from before."""
        with self._lock:
            if self._inventory is not None:
                inventory = msgspec.structs.replace(inventory, at=self._inventory.at)
                if inventory == self._inventory:
                    return False
                inventory = msgspec.structs.replace(inventory, at=self._clock())
            self._inventory = inventory
            self._inventory_digest = fingerprint(inventory)
        self._wake()
        return True

    def refuse(self, task: str, why: str) -> None:
        with self._lock:
            self._refusals = [*self._refusals, Refusal(task=task[:64], why=why[:512])][-REFUSALS:]
        self._wake()

    # --- what is said

    def take(self, agent: str, boot: str, interval: float, goodbye: str = "", most: int = BATCH) -> Parcel:
        """The next batch: the oldest observations, else (when the server asked) the whole state."""
        with self._lock:
            waiting = [one for one in self._spool.peek(most) if one.seq not in self._bad]
            observations = _within(waiting, BATCH_BYTES)
            drained = len(observations) == len(waiting) < most
            resync = self._resync and not waiting
            if resync:
                observations = self._whole_state()
            heartbeat = self._heartbeat(interval, goodbye) if drained else None
            news = self._inventory_digest if self._inventory_digest != self._inventory_told else ""
            batch = Batch(
                agent=agent,
                boot=boot,
                sent_at=self._clock(),
                observations=tuple(observations),
                heartbeat=heartbeat,
                inventory=self._inventory if news else None,
                refusals=tuple(self._refusals),
                resync=resync,
                dropped=self._spool.dropped,
            )
        return Parcel(batch=batch, inventory_digest=news, drained=drained)

    def settle(self, parcel: Parcel, ack: Ack) -> None:
        """The batch is on the server's disk: forget what it carried, note what is asked."""
        with self._lock:
            self._settle_sequence(ack)
            self._refusals = self._refusals[len(parcel.batch.refusals) :]
            if parcel.batch.heartbeat is not None:
                self._rounds_told |= parcel.batch.heartbeat.rounds
            if parcel.batch.resync:
                self._resync = False
            self._resync = self._resync or ack.resync
            if parcel.inventory_digest:
                self._inventory_told = parcel.inventory_digest
            if ack.inventory:
                self._inventory_told = ""

    def quarantine(self, observation: Observation) -> None:
        """The server will never take this one: pass it over and go on with the rest."""
        with self._lock:
            self._bad.add(observation.seq)
            self._never_again((observation.signal, observation.subject))
            self._pass_over_bad()

    # --- what outlives the process

    def sync(self, *, full: bool = False) -> bytes | None:
        """Bring the spool to the disk; the state's bytes if it has news since the last call, or ``full``."""
        with self._lock:
            self._spool.sync()
            if not (self._changed or full):
                return None
            self._changed = False
            return msgspec.msgpack.encode(list(self._state))

    def close(self) -> None:
        with self._lock:
            self._spool.close()

    def depth(self) -> tuple[int, int]:
        """Bytes waiting, and observations dropped."""
        with self._lock:
            return self._spool.bytes if self._spool.pending else 0, self._spool.dropped

    def entries(self) -> list[Entry]:
        with self._lock:
            return [msgspec.structs.replace(entry) for entry in self._state]

    def standing(self, signal: str, subject: str) -> Entry | None:
        with self._lock:
            entry = self._state.get((signal, subject))
            return msgspec.structs.replace(entry) if entry else None

    @property
    def rounds(self) -> dict[str, float]:
        with self._lock:
            return dict(self._rounds)

    # --- with the lock held

    def _keep(self, news: News) -> bool:
        told = news.observation
        try:
            observation = number(told, self._spool.sequence.next())
        except Malformed as error:
            self.malformed += 1
            self._never_again((told.signal, told.subject))
            log.warning("a unit returned what cannot be told: %s", error)
            return False
        except OSError as error:
            self._spool.sequence.dropped += 1
            log.warning("cannot reserve sequence numbers, the disk takes nothing: %s", error)
            return False
        self._spool.append(observation, repeat=news.repeat)
        return True

    def _never_again(self, key: Key) -> None:
        """The server does not have it, so it must not count in the digest either."""
        self._state.discard(key)
        if len(self._unsayable) < UNSAYABLE:
            self._unsayable.add(key)

    def _whole_state(self) -> list[Observation]:
        found: list[Observation] = []
        for told in self._state.whole():
            try:
                found.append(number(told, self._spool.sequence.next()))
            except (Malformed, OSError) as error:
                log.warning("left out of the resync: %s", error)
        if len(_within(found, BATCH_BYTES)) < len(found):
            found = [msgspec.structs.replace(one, evidence={}) for one in found]
        return found

    def _heartbeat(self, interval: float, goodbye: str) -> Heartbeat:
        fresh = {name: at for name, at in self._rounds.items() if at != self._rounds_told.get(name)}
        return Heartbeat(
            digest=str(self._state.digest),
            inventory=self._inventory_digest or self._inventory_told,
            rounds=fresh,
            interval=interval,
            peers=self.peers,
            goodbye=goodbye,
        )

    def _settle_sequence(self, ack: Ack) -> None:
        last = self._spool.sequence.last
        if ack.applied > last:
            # This folder was emptied, or is older than the server's memory of us: numbers it has
            # seen would be skipped, so continue above them and say everything again.
            log.warning("the server has seen %d, we have given out %d: continuing above", ack.applied, last)
            self._spool.sequence.raise_to(ack.applied)
            self._resync = True
        self._spool.acknowledge(ack.applied)
        self._pass_over_bad()

    def _pass_over_bad(self) -> None:
        while self._bad and (first := self._spool.peek(1)) and first[0].seq in self._bad:
            self._spool.acknowledge(first[0].seq)
            self._bad.discard(first[0].seq)


def _within(observations: list[Observation], limit: int) -> list[Observation]:
    """As many as fit, at least one."""
    total = 0
    for index, observation in enumerate(observations):
        total += len(encode(observation))
        if total > limit and index:
            return observations[:index]
    return observations
