"""How long from the symptoms of one dead aggregation switch to the diagnosis, among 100 000 hosts?

    python bench/inference.py [--pods 100] [--racks 25] [--hosts 40]

The tree is hosts, rack switches, one aggregation switch per pod, one core. Every host has a heartbeat at the
server and pings one peer in another pod. The graph and the healthy state are built before the clock starts.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Iterator
from pathlib import Path

from rules.catalogue import load_catalogue
from rules.evidence import Evidence, Exercised
from rules.graph import Edge, Graph
from rules.inference import Engine
from rules.models import Relation, Role
from wire.judgement import Reason

START = 1_000_000.0
Exercises = tuple[Exercised, ...]
SERVER: Exercises = ((Role.PATH, "nic:hub/eth0"), (Role.OBSERVER, "host:hub"))


class Tree:
    """The names of a fat tree, and the ways through it."""

    def __init__(self, pods: int, racks: int, hosts: int) -> None:
        self.pods, self.racks, self.hosts = pods, racks, hosts
        self.names = [
            f"h{pod:03}-{rack:02}-{number:02}"
            for pod in range(pods)
            for rack in range(racks)
            for number in range(hosts)
        ]
        self._up = {name: self._above(name) for name in self.names}

    @staticmethod
    def _above(name: str) -> Exercises:
        pod, rack, _ = name[1:].split("-")
        places = (f"nic:{name}/eth0", f"switch:tor{pod}-{rack}", f"switch:agg{pod}", "switch:core")
        return tuple((Role.PATH, place) for place in places)

    def above(self, name: str) -> Exercises:
        return self._up[name]

    def graph(self) -> Graph:
        graph = Graph()
        for name in self.names:
            (_, nic), (_, rack), (_, pod), (_, core) = self.above(name)
            machine = f"host:{name}"
            graph.add(Edge(f"agent:{name}", Relation.RUNS_ON, machine))
            graph.add(Edge(nic, Relation.RUNS_ON, machine))
            graph.add(Edge(nic, Relation.ATTACHED_TO, rack))
            graph.add(Edge(machine, Relation.ATTACHED_TO, rack))
            graph.add(Edge(rack, Relation.ATTACHED_TO, pod))
            graph.add(Edge(pod, Relation.ATTACHED_TO, core))
        return graph

    def heartbeat(self, place: int, outcome: Reason, at: float) -> Evidence:
        name = self.names[place]
        exercised = (
            (Role.SELF, f"agent:{name}"),
            (Role.HOST, f"host:{name}"),
            *self.above(name),
            *SERVER,
        )
        return evidence(("rootward", "agent.heartbeat", f"agent:{name}"), place, outcome, at, exercised)

    def ping(self, place: int, outcome: Reason, at: float) -> Evidence:
        """From the host at ``place`` to its peer half the tree away."""
        name = self.names[place]
        peer = self.names[(place + len(self.names) // 2) % len(self.names)]
        exercised = (
            (Role.SELF, f"address:{peer}"),
            (Role.HOST, f"host:{peer}"),
            *self.above(name),
            *self.above(peer)[:3],
            (Role.OBSERVER, f"host:{name}"),
            (Role.OBSERVER, f"agent:{name}"),
        )
        return evidence((name, "net.icmp", f"address:{peer}"), place, outcome, at, exercised)

    def behind(self) -> range:
        """Places of the hosts behind the dead switch: the first pod."""
        return range(self.racks * self.hosts)

    def symptoms(self) -> Iterator[Evidence]:
        for place in self.behind():
            yield self.heartbeat(place, Reason.OVERDUE, START + 30.0)
            yield self.ping((place + len(self.names) // 2) % len(self.names), Reason.TIMEOUT, START + 5.0)


def evidence(look: tuple[str, str, str], number: int, outcome: Reason, at: float, ex: Exercises) -> Evidence:
    """``look``: observer, signal, subject."""
    observer, signal, subject = look
    failed = outcome is not Reason.OK
    return Evidence(
        id=f"{observer}#{number}",
        observer=observer,
        signal=signal,
        subject=subject,
        outcome=outcome,
        since=at if failed else START - 1000.0,
        confirmed_at=at + 1.0,
        opposite_at=START - 5.0 if failed else None,
        clock_error=0.05,
        confirmed=failed,
        exercised=ex,
    )


def rss() -> float:
    """MiB of this process now."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--pods", type=int, default=100)
    options.add_argument("--racks", type=int, default=25)
    options.add_argument("--hosts", type=int, default=40)
    given = options.parse_args()
    began = time.perf_counter()
    tree = Tree(given.pods, given.racks, given.hosts)
    engine = Engine(load_catalogue(), tree.graph())
    behind = set(tree.behind())
    for place in range(len(tree.names)):
        seen = START - 3.0 if place in behind else START + 40.0
        engine.update(tree.heartbeat(place, Reason.OK, seen))
        engine.update(tree.ping(place, Reason.OK, seen))
    engine.infer(START)
    gc.collect()
    print(f"hosts {len(tree.names)}, built in {time.perf_counter() - began:.1f} s, RSS {rss():.0f} MiB")
    symptoms = list(tree.symptoms())
    before = rss()
    began, busy = time.perf_counter(), time.process_time()
    for symptom in symptoms:
        engine.update(symptom)
    taken = time.perf_counter()
    diagnoses = engine.infer(START + 45.0)
    done, worked = time.perf_counter(), time.process_time() - busy
    roots = [(each.root.fault, each.root.entity, round(each.probability, 4)) for each in diagnoses]
    print(f"symptoms {len(symptoms)}, taken in {taken - began:.3f} s, diagnosed in {done - taken:.3f} s")
    print(f"total {done - began:.3f} s, of which {worked:.3f} s of CPU; RSS grew by {rss() - before:.1f} MiB")
    print(f"roots {len(roots)}: {roots}, explaining {sum(len(each.explains) for each in diagnoses)}")
    began = time.perf_counter()
    engine.update(tree.ping(len(tree.names) - 1, Reason.TIMEOUT, START + 41.0))
    again = engine.infer(START + 46.0)
    print(f"one more symptom elsewhere: {time.perf_counter() - began:.3f} s, {len(again)} roots")


if __name__ == "__main__":
    main()
