"""One failure of a network, told to an engine with noise, and the tests that it then wants."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

from bench.topology.network import SERVER, Broken, Failure, Look
from bench.topology.picture import Picture
from rules.catalogue import Catalogue
from rules.diagnosis import Diagnosis
from rules.evidence import Dated, evidence_of
from rules.inference import Engine, next_tests
from wire import entity as ids
from wire.judgement import Path, Reason, Verdict
from wire.observation import Observation

ROUNDS = 2
MISSING, FALSE = 0.05, 0.02
BROKE = 1_000_000.0
NOW = BROKE + 60.0
PING = "net.icmp"


class Case:
    """One failure, told to an engine with noise."""

    def __init__(self, catalogue: Catalogue, picture: Picture, broken: Broken, seed: str) -> None:
        self.catalogue, self.picture, self.broken = catalogue, picture, broken
        self.truth = self.shown(broken.what)
        self.engine = Engine(catalogue, picture.topology.graph)
        self.silent: set[str] = set()
        """Hosts whose heartbeat is overdue, as the server was told."""
        self._chance = random.Random(seed)
        self._number = 0

    def shown(self, what: Iterable[Failure]) -> dict[Look, str]:
        return self.picture.network.seen(self.picture.looks, replace(self.broken, what=frozenset(what)))

    def tell(self) -> list[Diagnosis]:
        for look, outcome in self.truth.items():
            beat = look.observer == SERVER
            address = ids.address(self.picture.addresses[look.target])
            self._told(look, ids.agent(look.target) if beat else address, outcome, BROKE)
        return self.engine.infer(NOW)

    def drill(self, found: list[Diagnosis]) -> list[Diagnosis]:
        """Answers to what the engine wants to know next: pings of hosts, by who can be asked."""
        for number in range(ROUNDS):
            for test in next_tests(self.engine, found, NOW):
                kind, name = ids.kind_of(test.subject), ids.name_of(test.subject)
                target = self.picture.hosts.get(name, "") if kind == "address" else ids.host_of(test.subject)
                observer = test.observer or self._vantage(target)
                if test.check == PING and target and observer not in ("", target, *self.silent):
                    look = Look(observer, target)
                    outcome = self.picture.network.seen([look], self.broken)[look]
                    self._told(look, test.subject, outcome, NOW + number * 10.0)
            found = self.engine.infer(NOW)
        return found

    def _vantage(self, target: str) -> str:
        """As the server chooses: who looked there before, else anybody."""
        looked = sorted(look.observer for look in self.picture.looks if look.target == target)
        others = (*looked, *sorted(self.picture.addresses))
        return next((each for each in others if each not in (SERVER, target, *self.silent)), "")

    def _told(self, look: Look, subject: str, outcome: str, now: float) -> None:
        """With the noise; ``now``: failures are seen from then on."""
        beat, chance = look.observer == SERVER, self._chance
        shown = "" if chance.random() < MISSING else outcome
        if shown == "passes" and not beat and chance.random() < FALSE:
            shown = "fails"
        failed = shown == "fails"
        signal = "agent.heartbeat" if beat else PING
        known = self.engine.index.readings.get((look.observer, signal, subject))
        if known is not None and not shown:
            return
        if failed and beat:
            self.silent.add(look.target)
        before = BROKE - chance.uniform(0.0, 15.0)
        since = now + (chance.uniform(20.0, 30.0) if beat else chance.uniform(0.0, 15.0))
        if known is not None and known.is_symptom:
            since = known.since
        self._number += 1
        seen = Observation(
            seq=self._number,
            signal=signal,
            subject=subject,
            verdict=Verdict.FAIL if failed else Verdict.PASS,
            reason=(Reason.OVERDUE if beat else Reason.TIMEOUT) if failed else Reason.OK,
            at=max(now, NOW) + 15.0 if shown else before,
            since=since if failed else BROKE - 5000.0,
            path=None if beat else Path(interface="eth0", address=self.picture.addresses[look.target]),
            confirmed=failed,
        )
        dated = Dated(seen.since, seen.at, before if failed else None, 0.05)
        topology = self.picture.topology
        exercised = topology.exercised(look.observer, self.catalogue.signals[signal], subject, seen.path)
        share = topology.shares(look.observer, subject, seen.path)
        self.engine.update(evidence_of(look.observer, seen, dated, exercised, share=share))
