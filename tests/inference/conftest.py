"""A small site to reason about, and evidence in the form in which the topology expands looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from rules.catalogue import Catalogue, load_catalogue
from rules.diagnosis import Diagnosis
from rules.evidence import Evidence, Exercised
from rules.graph import Edge, Graph
from rules.inference import Engine
from rules.models import Relation, Role
from wire.entity import host_of, kind_of, name_of
from wire.judgement import Reason

T0 = 1_000_000.0
"""When the first symptom of a scenario appears."""


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


class World:
    """Hosts on two segments with a gateway between them; the server, ``hub``, is on the first."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.graph = Graph()
        self.switch: dict[str, str] = {}
        self.evidence: list[Evidence] = []
        self._catalogue = catalogue
        self._seq = 0
        for name, switch in HOSTS.items():
            self.host(name, switch)
        self.edge("switch:sw2", Relation.ATTACHED_TO, "switch:sw1")
        for name in HOSTS:
            gateway = "gateway:10.0.1.1" if self.switch[name] == "switch:sw1" else "gateway:10.0.2.1"
            self.edge(f"host:{name}", Relation.ROUTES_VIA, gateway)

    def host(self, name: str, switch: str) -> None:
        self.switch[name] = switch
        self.edge(f"nic:{name}/eth0", Relation.RUNS_ON, f"host:{name}")
        self.edge(f"agent:{name}", Relation.RUNS_ON, f"host:{name}")
        self.edge(f"host:{name}", Relation.ATTACHED_TO, switch)
        self.edge(f"nic:{name}/eth0", Relation.ATTACHED_TO, switch)

    def edge(self, child: str, relation: Relation, parent: str, weight: float = 1.0) -> None:
        self.graph.add(Edge(child, relation, parent, weight))

    def service(self, name: str, *on: str, stored: str = "") -> str:
        """``web1/nginx``, leaning on other services, storing on a file system."""
        entity = f"service:{name}"
        self.edge(entity, Relation.RUNS_ON, f"host:{name.partition('/')[0]}")
        for parent in on:
            self.edge(entity, Relation.DEPENDS_ON, f"service:{parent}")
        if stored:
            self.edge(entity, Relation.STORED_ON, stored)
        return entity

    def path(self, one: str, other: str) -> list[Exercised]:
        if one == other:
            return []
        crossed = [f"nic:{one}/eth0", self.switch[one]]
        if self.switch[one] != self.switch[other]:
            crossed += ["gateway:10.0.1.1" if self.switch[one] == "switch:sw1" else "gateway:10.0.2.1"]
        crossed += [self.switch[other], f"nic:{other}/eth0"]
        return [(Role.PATH, entity) for entity in dict.fromkeys(crossed)]

    def see(
        self,
        observer: str,
        signal: str,
        subject: str,
        outcome: Reason,
        exercised: Iterable[Exercised],
        *,
        since: float = 0.0,
        at: float | None = None,
        confirmed: bool = True,
        intermittent: tuple[Reason, ...] = (),
        share: tuple[tuple[str, float], ...] = (),
        opposite: float | None = -15.0,
        by_form: bool = False,
    ) -> Evidence:
        """``since`` and ``at`` count from T0."""
        self._seq += 1
        last = since + 5.0 if at is None else at
        evidence = Evidence(
            id=f"{observer}#{self._seq}",
            observer=observer,
            signal=signal,
            subject=subject,
            outcome=outcome,
            since=T0 + since,
            confirmed_at=T0 + last,
            opposite_at=None if opposite is None else T0 + since + opposite,
            clock_error=0.05,
            confirmed=confirmed and outcome is not Reason.OK,
            by_form=by_form,
            intermittent=intermittent,
            exercised=tuple(dict.fromkeys(exercised)),
            share=share,
        )
        self.evidence.append(evidence)
        return evidence

    def local(self, signal: str, subject: str, outcome: Reason, **times: object) -> Evidence:
        """What a host saw of itself."""
        name = host_of(subject)
        exercised = [
            (Role.SELF, subject),
            (Role.HOST, f"host:{name}"),
            (Role.OBSERVER, f"host:{name}"),
            (Role.OBSERVER, f"agent:{name}"),
        ]
        if kind_of(subject) == "fs":
            exercised.append((Role.SELF, f"mount:{name_of(subject)}"))
        return self.see(name, signal, subject, outcome, exercised, **times)  # type: ignore[arg-type]

    def ping(self, observer: str, target: str, outcome: Reason = Reason.OK, **times: object) -> Evidence:
        exercised = [
            (Role.SELF, f"host:{target}"),
            (Role.HOST, f"host:{target}"),
            *self.path(observer, target),
            (Role.OBSERVER, f"host:{observer}"),
            (Role.OBSERVER, f"agent:{observer}"),
        ]
        return self.see(observer, "net.icmp", f"host:{target}", outcome, exercised, **times)  # type: ignore[arg-type]

    def probe(
        self,
        signal: str,
        observer: str,
        service: str,
        port: int,
        outcome: Reason = Reason.OK,
        *,
        resolver: str = "",
        **times: object,
    ) -> Evidence:
        """A look at a port of a service: net.tcp, tls.certificate or app.http."""
        target = service.partition("/")[0]
        scheme = {"net.tcp": "tcp", "tls.certificate": "tls", "app.http": "http"}[signal]
        subject = f"endpoint:{scheme}://{target}:{port}"
        exercised = [
            (Role.SELF, subject),
            (Role.SELF, f"service:{service}"),
            (Role.SELF, f"port:{target}/tcp/{port}"),
            (Role.HOST, f"host:{target}"),
            *self.path(observer, target),
            (Role.OBSERVER, f"host:{observer}"),
            (Role.OBSERVER, f"agent:{observer}"),
        ]
        if resolver:
            exercised += [(Role.RESOLVER, entity) for entity in self.resolver_entities(observer, resolver)]
        return self.see(observer, signal, subject, outcome, exercised, **times)  # type: ignore[arg-type]

    def resolver_entities(self, observer: str, service: str) -> list[str]:
        name = service.partition("/")[0]
        return [
            f"resolver:{name}",
            f"service:{service}",
            f"host:{name}",
            *(e for _, e in self.path(observer, name)),
        ]

    def dns(self, observer: str, service: str, outcome: Reason = Reason.OK, **times: object) -> Evidence:
        target = service.partition("/")[0]
        exercised = [
            (Role.SELF, f"resolver:{target}"),
            (Role.SELF, f"service:{service}"),
            (Role.HOST, f"host:{target}"),
            *self.path(observer, target),
            (Role.OBSERVER, f"host:{observer}"),
            (Role.OBSERVER, f"agent:{observer}"),
        ]
        return self.see(observer, "net.dns", f"resolver:{target}", outcome, exercised, **times)  # type: ignore[arg-type]

    def heartbeat(self, name: str, outcome: Reason = Reason.OK, **times: object) -> Evidence:
        exercised = [
            (Role.SELF, f"agent:{name}"),
            (Role.HOST, f"host:{name}"),
            *self.path(name, "hub"),
            (Role.OBSERVER, "host:hub"),
        ]
        return self.see("rootward", "agent.heartbeat", f"agent:{name}", outcome, exercised, **times)  # type: ignore[arg-type]

    def alive(self, *names: str, at: float = 8.0) -> None:
        """Heartbeats that came after the fault."""
        for name in names or HOSTS:
            self.heartbeat(name, since=-1000.0, at=at)

    def __repr__(self) -> str:
        return "World"

    def empty_engine(self) -> Engine:
        return Engine(self._catalogue, self.graph)

    def engine(self) -> Engine:
        engine = self.empty_engine()
        for evidence in self.evidence:
            engine.update(evidence)
        return engine

    def infer(self) -> list[Diagnosis]:
        return self.engine().infer(T0 + 10.0)


HOSTS = {
    "hub": "switch:sw1",
    "web1": "switch:sw1",
    "web2": "switch:sw1",
    "app1": "switch:sw1",
    "db1": "switch:sw2",
    "db2": "switch:sw2",
    "dns1": "switch:sw2",
}


@pytest.fixture
def world(catalogue: Catalogue) -> World:
    return World(catalogue)


@pytest.fixture
def new_world(catalogue: Catalogue) -> Callable[[], World]:
    return lambda: World(catalogue)
