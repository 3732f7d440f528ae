"""Keeps the list of looks: what is configured, and what was discovered and has answered well once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from typing import Any

from agent.config import Config
from agent.edge.state import Finding
from agent.looks.discovered import OWN, far, found, own, routes, server_targets
from agent.looks.look import Look
from agent.looks.permitted import NotPermitted, Permitted
from agent.units.finding import Units
from collectors.host import Host
from wire.codec import fingerprint
from wire.inventory import Inventory
from wire.judgement import Reason, Verdict
from wire.target import DnsTarget, IcmpTarget, LocalTarget, NeighbourTarget, Target, TlsTarget

KEPT_AFTER = 3600.0
"""Seconds for which a target is still asked after discovery lost sight of it: its loss may be the fault."""
TRIALS = 256
TLS_NEWS = frozenset([Reason.TLS_EXPIRED, Reason.TLS_NOT_YET_VALID, Reason.EXPIRING])
"""What a certificate may be found with at first sight; an unknown authority may be meant so."""


@dataclass
class Targets:
    """``remembered`` outlives the process, so that a restart during an outage does not unlearn."""

    config: Config
    server: str
    units: Units
    remembered: MutableMapping[str, Any]
    inventory: Inventory = field(default_factory=lambda: Inventory(host=""))
    _seen: dict[Target, float] = field(default_factory=dict)

    def update(self, inventory: Inventory, names: tuple[str, ...], now: float) -> None:
        """Take in a discovery; ``names`` are what resolvers may be asked for besides the root."""
        self.inventory = inventory
        there = dict.fromkeys(found(inventory, names), now)
        self._seen = {target: at for target, at in self._seen.items() if self._kept(target, now - at)} | there
        known = {fingerprint(target) for target in (*self._seen, *self._peers())}
        adopted = self._adopted
        for key in [key for key in adopted if key not in known and now - adopted[key] > KEPT_AFTER]:
            del adopted[key]
        for key in known & adopted.keys():
            adopted[key] = now

    def meet(self, addresses: tuple[str, ...]) -> None:
        """Ping these hosts from now on, because the server says so; only what a task might name, too."""
        permitted = Permitted("", self.inventory, self.known())
        peers: list[str] = []
        for address in addresses:
            with suppress(NotPermitted):
                permitted.check(IcmpTarget(address))
                peers.append(address)
        self.remembered["peers"] = peers
        self.remembered["told_peers"] = fingerprint(addresses) if addresses else ""

    @property
    def told_peers(self) -> str:
        """By which the server sees that we know whom to ping."""
        return str(self.remembered.get("told_peers", ""))

    def _peers(self) -> Iterator[Target]:
        """Whom the server says to ping; behind a gateway, large packets are tried too."""
        peers = [str(address) for address in self.remembered.get("peers", ())]
        yield from map(IcmpTarget, peers)
        yield from far(self.inventory, peers)

    def _kept(self, target: Target, unseen_for: float) -> bool:
        """What never answered is forgotten with its discovery: as a mistyped gateway is."""
        never_answered = _certain(target) and fingerprint(target) not in self._adopted
        return unseen_for < KEPT_AFTER and not never_answered

    def looks(self) -> list[Look]:
        """Every look of every round. Collectors that only run on demand are not among them."""
        reading = [Look(unit) for unit in self.units.collectors if not unit.collector.on_demand]
        asked = list(self._asked())
        certain = {target for target, trial in asked if not trial}
        wanted = [(target, trial and target not in certain) for target, trial in asked]
        asking = [
            Look(unit, target, trial)
            for target, trial in dict.fromkeys(wanted)
            for unit in self.units.probes
            if unit.probe.target is type(target)
        ]
        return reading + asking

    def judge_trial(self, look: Look, findings: Iterable[Finding]) -> bool:
        """Whether a target on trial answered well; from then on it counts."""
        judgements = [finding.judgement for finding in findings]
        good = all(judgement.verdict is Verdict.PASS for judgement in judgements)
        news = isinstance(look.target, TlsTarget) and any(one.reason in TLS_NEWS for one in judgements)
        if not judgements or look.target is None or not (good or news):
            return False
        self._adopted[fingerprint(look.target)] = max(finding.at for finding in findings)
        return True

    def known(self) -> list[Target]:
        """All that is asked or on trial: what a task may name."""
        return [target for target, _ in self._asked()]

    def unproven(self, look: Look) -> bool:
        """It has not answered well yet. The plan may still have it as it was before its adoption."""
        if look.target is None or not (look.trial or _certain(look.target)):
            return False
        return fingerprint(look.target) not in self._adopted

    def _asked(self) -> Iterator[tuple[Target, bool]]:
        """Targets, and whether they are still on trial."""
        for target in (*self._configured, *server_targets(self.server)):
            if not isinstance(target, LocalTarget):
                yield target, False
        for target in chain(routes(self.inventory, self.server), islice(own(self.inventory), OWN)):
            yield target, False
        answers = self._answering()
        trials = 0
        for target in self._seen:
            if isinstance(target, DnsTarget) and answers.get(target.resolver, target) != target:
                continue
            trial = fingerprint(target) not in self._adopted and not _certain(target)
            trials += trial
            if not trial or trials <= TRIALS:
                yield target, trial
        for target in self._peers():
            yield target, fingerprint(target) not in self._adopted

    @cached_property
    def _configured(self) -> tuple[Target, ...]:
        """Asked for with each task of the server."""
        return self.config.targets

    def _answering(self) -> dict[str, DnsTarget | None]:
        """Resolver → the one question that it is asked; None where the configuration asks it already."""
        found: dict[str, DnsTarget | None] = {}
        for target in self._seen:
            if isinstance(target, DnsTarget) and fingerprint(target) in self._adopted:
                found.setdefault(target.resolver, target)
        return found | {one.resolver: None for one in self._configured if isinstance(one, DnsTarget)}

    @property
    def _adopted(self) -> dict[str, float]:
        """Fingerprint of a target → when discovery last saw it."""
        kept: dict[str, float] = self.remembered.setdefault("adopted", {})
        return kept


def _certain(target: Target) -> bool:
    """A gateway that does not answer ARP is none, also when it never did; of IPv6 there may be idle ones."""
    return isinstance(target, NeighbourTarget) and ":" not in target.address


def names_to_ask(host: Host) -> tuple[str, ...]:
    """Names that a resolver without the root may still know: this host's, and the search domains'."""
    names: list[str] = []
    try:
        lines = host.read("/etc/resolv.conf", 65_536).splitlines()
    except OSError:
        lines = []
    domains = [words[1:] for line in lines if (words := line.split()) and words[0] in {"search", "domain"}]
    for domain in [name.strip(".") for group in domains for name in group][:4]:
        names += [f"{host.name}.{domain}", domain] if domain else []
    return tuple(dict.fromkeys([*names, host.name, "localhost"]))
