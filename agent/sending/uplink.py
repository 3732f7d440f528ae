"""Sends what the outbox holds, in order, and carries the server's wishes back. Runs in threads of its own."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from agent.home import Credential, Home
from agent.sending.link import Link, Rejected, Unreachable
from agent.sending.outbox import BATCH, Outbox, Parcel
from wire.codec import encode
from wire.exchange import Ack, Batch, Snapshot
from wire.observation import Observation

log = logging.getLogger("rootward.uplink")
HEARTBEAT = 10.0
TOO_LARGE = 413
ASKED_FOR_MORE = 0.2
"""Seconds before the whole state or the inventory is sent on request: a misunderstanding must not spin."""
GATHER = 0.05
"""Seconds in which the changes of one moment gather into one batch."""
BACKOFF_FIRST, BACKOFF_MOST = 1.0, 20.0
HELD_SECONDS = 25.0
NOT_HELD_MOST = 60.0
"""Seconds before a server that does not hold requests is asked again whether it does."""
QUARANTINE_BYTES = 1024 * 1024


@dataclass
class Uplink:
    """``on_ack`` hears every answer (tasks, snapshot wish), in a thread of ours; it must not block."""

    outbox: Outbox
    credential: Credential
    home: Home
    boot: str
    on_ack: Callable[[Ack], None]
    long_poll: bool = True
    chance: Callable[[], float] = random.random
    sent: int = 0
    failures: int = 0
    quarantined: int = 0
    last_ack: float = 0.0
    _poll_after: float = HEARTBEAT
    _asked_for_more: bool = False
    _most: int = BATCH
    """Observations in one batch."""
    _news: threading.Event = field(default_factory=threading.Event)
    _retry: threading.Event = field(default_factory=threading.Event)
    """The server was reached again, or the agent ends: no reason to wait on."""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _leaving: str = ""
    """The goodbye to say before a rest."""
    _left: threading.Event = field(default_factory=threading.Event)
    _awake: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        loops = [self._send_loop] + ([self._task_loop] if self.long_poll else [])
        for work in loops:
            thread = threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True)
            thread.start()
            self._threads.append(thread)

    def wake(self) -> None:
        """There is news: send soon."""
        self._news.set()

    def rest(self, goodbye: str, patience: float = 4.0) -> None:
        """Send what is left, say goodbye, then nothing until ``resume``. Blocks for ``patience`` at most."""
        self._left.clear()
        self._awake.clear()
        self._leaving = goodbye
        self._news.set()
        self._retry.set()
        self._left.wait(patience)

    def resume(self) -> None:
        """Go on after a rest, or after one that did not come about."""
        self._leaving = ""
        self._awake.set()
        self._news.set()
        self._retry.set()

    def stop(self, goodbye: str, patience: float = 5.0) -> None:
        """Send what is left and say goodbye, within ``patience`` seconds."""
        self._stopping.set()
        self.resume()
        if self._threads:
            self._threads[0].join(patience)
        if self._threads and self._threads[0].is_alive():
            return  # it hangs in a request; the server finds out by the missing heartbeat
        deadline = time.monotonic() + patience
        try:
            with self._link() as link:
                drained = False
                while not drained and time.monotonic() < deadline:
                    drained = self._send_once(link, goodbye).drained
        except (Unreachable, Rejected) as error:
            log.warning("could not say goodbye: %s", error)

    def send_snapshot(self, snapshot: Snapshot) -> None:
        """Blocks; called in a thread."""
        try:
            with self._link() as link:
                link.snapshot(snapshot)
        except (Unreachable, Rejected) as error:
            log.warning("the snapshot did not get through: %s", error)

    def _link(self) -> Link:
        ca = str(self.home.ca_file) if self.credential.ca else ""
        return Link(self.credential.server, self.credential.credential, ca)

    def _send_loop(self) -> None:
        attempt = 0
        with self._link() as link:
            while not self._stopping.is_set():
                self._news.clear()
                try:
                    goodbye = self._leaving
                    parcel = self._send_once(link, goodbye)
                except Unreachable as error:
                    attempt += 1
                    self._pause(error.retry_after or self._backoff(attempt), error)
                    continue
                except Exception:  # the one thread that reports must not end; it says so and goes on
                    log.exception("sending failed for a reason of our own")
                    attempt += 1
                    self._stopping.wait(self._backoff(attempt))
                    continue
                attempt = self._reached(attempt)
                if not parcel.drained:
                    continue
                if goodbye:
                    self._left.set()
                    self._awake.wait()
                    continue
                if self._news.wait(ASKED_FOR_MORE if self._asked_for_more else self._poll_after):
                    self._stopping.wait(GATHER)

    def _send_once(self, link: Link, goodbye: str = "") -> Parcel:
        """One batch; raises Unreachable. What the server will never take is taken out."""
        parcel = self.outbox.take(self.credential.agent, self.boot, HEARTBEAT, goodbye, self._most)
        try:
            ack = link.send(parcel.batch)
        except Rejected as error:
            if error.status == TOO_LARGE and len(parcel.batch.observations) > 1 and not parcel.batch.resync:
                self._most = len(parcel.batch.observations) // 2  # a proxy in between takes no more
                log.warning("a batch was too large for the way; from now on at most %d at once", self._most)
            else:
                self._rejected(link, parcel.batch, error)
            return msgspec.structs.replace(parcel, drained=False)
        self.outbox.settle(parcel, ack)
        self.sent += len(parcel.batch.observations)
        self.last_ack = time.time()
        self._poll_after = max(0.05, min(HEARTBEAT, ack.poll_after))
        self.on_ack(ack)
        self._asked_for_more = ack.resync or ack.inventory
        return parcel

    def _rejected(self, link: Link, batch: Batch, error: Rejected) -> None:
        """Find what spoils the batch. Raises Unreachable when no observation does: then it is about us."""
        if error.status in {401, 403, 404, 405, 409, 410}:
            raise Unreachable(f"the server does not accept this agent ({error}); enrol it again?", 30.0)
        observations = batch.observations
        if not observations:
            raise Unreachable(f"the server refuses even a batch without observations: {error}", 30.0)
        if 0 <= error.index < len(observations):
            self._quarantine(observations[error.index], error)
            return
        bad = self._search(link, batch, observations)
        if bad is None:
            raise Unreachable(f"the server refuses a batch and names no observation: {error}", 30.0)
        self._quarantine(bad, error)

    def _search(self, link: Link, batch: Batch, among: tuple[Observation, ...]) -> Observation | None:
        """Halve until the first bad one stands alone. Good halves that go through on the way are applied."""
        while len(among) > 1:
            half = among[: len(among) // 2]
            among = among[len(half) :] if self._accepted(link, batch, half) else half
        return among[0] if among and not self._accepted(link, batch, among) else None

    @staticmethod
    def _accepted(link: Link, batch: Batch, part: tuple[Observation, ...]) -> bool:
        try:
            link.send(Batch(agent=batch.agent, boot=batch.boot, sent_at=batch.sent_at, observations=part))
        except Rejected:
            return False
        return True

    def _quarantine(self, observation: Observation, error: Rejected) -> None:
        self.quarantined += 1
        log.error("observation %d is set aside, the server refuses it: %s", observation.seq, error)
        self.outbox.quarantine(observation)
        path = self.home.quarantine
        if not path.exists() or path.stat().st_size < QUARANTINE_BYTES:
            with path.open("ab") as file:
                file.write(encode(observation) + b"\n")

    def _task_loop(self) -> None:
        """One idle request, always open, so that the server can reach this host at once."""
        attempt = in_vain = 0
        with self._link() as link:
            while not self._stopping.is_set():
                began = time.monotonic()
                try:
                    ack = link.wait_for_tasks(HELD_SECONDS)
                except (Unreachable, Rejected) as error:
                    attempt += 1
                    self._pause(self._backoff(attempt), error)
                    continue
                attempt = self._reached(attempt)
                held = time.monotonic() - began > HELD_SECONDS / 2
                in_vain = 0 if held or ack.tasks or ack.snapshot else in_vain + 1
                self.on_ack(ack)
                if ack.poll_after < HEARTBEAT:
                    self._poll_after = max(0.05, ack.poll_after)
                    self._news.set()
                # a site that holds no requests answers at once, with nothing
                self._stopping.wait(min(NOT_HELD_MOST, 2.0**in_vain) if in_vain else GATHER)

    def _pause(self, seconds: float, error: Exception) -> None:
        self.failures += 1
        log.warning("no uplink, next try in %.1f s: %s", seconds, error)
        self._retry.clear()
        if not self._stopping.is_set():
            self._retry.wait(seconds)

    def _reached(self, attempts: int) -> int:
        """After an outage the first request that gets through lets the other one try at once."""
        if attempts:
            self._retry.set()
        return 0

    def _backoff(self, attempt: int) -> float:
        """Full jitter, so that a thousand agents do not come back at once."""
        most: float = min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** min(attempt, 10))
        return 0.1 + most * self.chance()
