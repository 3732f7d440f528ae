"""Is the broken link or switch named in real networks, with a part of the symptoms missing and others false?

    python bench/topologies.py [--file FILE] [--seeds 1] [--most 10] [--pairs 10] [--only NAME] [--wrong] ...

Networks as SNDlib publishes them lie beside the project. Each is drawn as GraphML and imported; each switch
has a host whose agent pings whom the server's mesh tells it; the server runs on one of them. Then every link
and every switch fails, and pairs of them. Two ways in which networks break are played:

  silent     packets still go where they went, and are lost there: nobody has noticed
  rerouted   the network has gone around it: only what has no other way fails

Packets take one of the shortest ways, there and back drawn apart; which one, only the network knows. Of the
looks 5 % are not reported (what stood before stands, and ages), and 2 % of the pings that pass are told as
time-outs, confirmed. Who cannot reach the server tells nothing. Then the tests that the engine wants are run,
with the same noise. An answer is right when the roots named would show, without noise, what the true ones
show, and there are as many tickets as failures can be told apart. What shows nothing should open nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path as File
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

from rules.catalogue import Catalogue, load_catalogue
from rules.diagnosis import Diagnosis
from rules.evidence import Dated, evidence_of
from rules.inference import Engine, next_tests
from rules.topology import Site, Topology
from rules.topology.drawing import read_drawing
from rules.topology.imported import switches_of
from rules.topology.mesh import peers_of, seats
from server.diagnosis.settle import BAR, BAR_FURTHER
from wire import entity as ids
from wire.inventory import Inventory, Nic
from wire.judgement import Path, Reason, Verdict
from wire.observation import Observation

FILE = File(__file__).parents[2] / "shared/data/topologies/topologies_dev.jsonl.gz"
GOALS = {False: 0.97, True: 0.85}
"""Of singles, of pairs."""
ROUNDS = 2
MISSING, FALSE = 0.05, 0.02
BROKE = 1_000_000.0
NOW = BROKE + 60.0
SERVER = "rootward"
PING = "net.icmp"
PLACES = frozenset(["net.switch.down", "net.link.down", "host.down", "host.agent.dead"])

Failure = tuple[str, ...]
"""``("switch", name)``, ``("link", one, other)``, ``("host", name)`` or ``("agent", name)``."""
Result = tuple[str, str, bool, "Score"]


@dataclass(frozen=True)
class Broken:
    what: frozenset[Failure]
    rerouted: bool
    """The network has found its way around it."""


class Look(NamedTuple):
    observer: str
    target: str
    """The host that is pinged or, when the server waits for its heartbeat, that beats."""


class Network:
    """What nobody but the network itself knows: which way packets go, and what of it is broken."""

    def __init__(self, drawn: dict[str, Any], hosts: int, chance: random.Random) -> None:
        names = {node["id"]: str(node["name"]) for node in drawn["nodes"]}
        self.links = sorted({tuple(sorted((names[one], names[other]))) for one, other, *_ in drawn["edges"]})
        self.switches = sorted(names.values())
        self.at = {
            f"h{at}-{number}": name for at, name in enumerate(self.switches) for number in range(hosts)
        }
        self.hub = chance.choice(sorted(self.at))
        self.beside: dict[str, list[str]] = {name: [] for name in self.switches}
        for one, other in self.links:
            self.beside[one].append(other)
            self.beside[other].append(one)
        self._seed = chance.random()
        self._ways: dict[tuple[str, str], frozenset[Failure]] = {}
        self._whole: dict[str, dict[str, int]] = {}
        """Hops to each switch while nothing is broken."""

    def failures(self) -> list[Failure]:
        return [*(("link", *ends) for ends in self.links), *(("switch", name) for name in self.switches)]

    def way(self, one: str, other: str) -> frozenset[Failure]:
        """All that lies on the one way which packets take between two hosts, there and back."""
        if (one, other) not in self._ways:
            start, end = self.at[one], self.at[other]
            found = {("host", one), ("host", other)}
            for steps in (self._one_way(start, end, one, other), self._one_way(end, start, other, one)):
                found |= {("switch", name) for name in steps}
                found |= {("link", *sorted(pair)) for pair in pairwise(steps)}
            self._ways[one, other] = frozenset(found)
        return self._ways[one, other]

    def _one_way(self, start: str, end: str, *flow: str) -> list[str]:
        if end not in self._whole:
            self._whole[end] = self._hops(end, frozenset())
        hops = self._whole[end]
        chance = random.Random(f"{self._seed} {flow}")
        steps = [start]
        while steps[-1] != end:
            nearer = [name for name in self.beside[steps[-1]] if hops[name] < hops[steps[-1]]]
            steps.append(chance.choice(nearer))
        return steps

    def _hops(self, start: str, broken: frozenset[Failure]) -> dict[str, int]:
        found = {start: 0}
        queue = deque([start])
        while queue and ("switch", start) not in broken:
            here = queue.popleft()
            for there in self.beside[here]:
                if (
                    there in found
                    or ("switch", there) in broken
                    or ("link", *sorted((here, there))) in broken
                ):
                    continue
                found[there] = found[here] + 1
                queue.append(there)
        return found

    def seen(self, looks: Iterable[Look], broken: Broken) -> dict[Look, str]:
        """What of the looks is to be seen at the server: ``passes``, ``fails``, or nothing new."""
        what = broken.what
        reached = {name: self._hops(name, what) for name in set(self.at.values()) if broken.rerouted}

        def passes(one: str, other: str) -> bool:
            if not broken.rerouted:
                return self.way(one, other).isdisjoint(what)
            ends = {("host", one), ("host", other), ("switch", self.at[one]), ("switch", self.at[other])}
            return ends.isdisjoint(what) and self.at[other] in reached[self.at[one]]

        heard = {
            host
            for host in self.at
            if ("agent", host) not in what and (host == self.hub or passes(host, self.hub))
        }
        said: dict[Look, str] = {}
        for look in looks:
            well = look.target in heard if look.observer == SERVER else passes(*look)
            told = look.observer == SERVER or look.observer in heard
            said[look] = "" if not told else "passes" if well else "fails"
        return said


class Picture:
    """The same network as the product knows it: imported from a drawing, with an inventory of each host."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.topology = Topology(server_host=network.hub)
        self.addresses = {host: f"10.{n // 250}.{n % 250}.1" for n, host in enumerate(sorted(network.at))}
        self.hosts = {address: host for host, address in self.addresses.items()}
        for host, address in self.addresses.items():
            self.topology.update(Inventory(host=host, nics=(Nic(name="eth0", addresses=(f"{address}/8",)),)))
        switches = switches_of(read_drawing(graphml(network).encode()), dict.fromkeys(network.at, ("eth0",)))
        self.topology.declare(Site(switch=switches))
        found = seats(self.topology.inventories.values(), self.topology.book, self.topology.wiring)
        mesh = peers_of(found, self.topology.wiring, self.topology.way)
        self.looks = [Look(SERVER, host) for host in sorted(network.at) if host != network.hub]
        self.looks += [Look(host, self.hosts[peer]) for host in sorted(mesh) for peer in mesh[host]]


def graphml(network: Network) -> str:
    lines = ['<graphml><key id="k" for="node" attr.name="type"/><graph edgedefault="undirected">']
    for kind, names in (("switch", network.switches), ("host", sorted(network.at))):
        lines += [f'<node id={quoteattr(name)}><data key="k">{kind}</data></node>' for name in names]
    for one, other in (*network.links, *network.at.items()):
        lines.append(f"<edge source={quoteattr(one)} target={quoteattr(other)}/>")
    return "".join([*lines, "</graph></graphml>"])


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


def tickets(found: list[Diagnosis]) -> list[Diagnosis]:
    """Those that would open a ticket: sure enough, or surely something that lasts, whatever it is."""
    bar = BAR_FURTHER if len(found) > 1 else BAR
    return [
        each
        for each in found
        if each.probability >= bar or sum(some.probability for some in each.hypotheses) >= BAR_FURTHER
    ]


def failure_of(each: Diagnosis) -> Failure | None:
    """What the ticket says is broken, None where that is none of the things that can be."""
    kind, name = ids.kind_of(each.root.entity), ids.name_of(each.root.entity)
    if each.root.fault not in PLACES:
        return None
    if kind == "link":
        return ("link", *name.split("--", 1))
    if kind == "nic":
        return ("host", name.partition("/")[0])
    return (kind, name) if kind in ("switch", "host", "agent") else None


class Score(NamedTuple):
    """Of one kind of failure, how many: showed at all, were named right, by the right number of tickets."""

    seen: int = 0
    right: int = 0
    counted: int = 0
    unseen: int = 0
    """Showed nothing."""
    alarmed: int = 0
    """Of these, how many opened a ticket nevertheless."""


def score(case: Case, found: list[Diagnosis]) -> Score:
    what = case.broken.what
    if case.truth == case.shown(()):
        return Score(unseen=1, alarmed=bool(found))
    parts = [part for size in range(1, len(what) + 1) for part in combinations(sorted(what), size)]
    fewest = min(len(part) for part in parts if case.shown(part) == case.truth)
    named = [failure_of(each) for each in found]
    right = None not in named and case.shown(each for each in named if each) == case.truth
    counted = len(found) == fewest
    return Score(seen=1, right=right and counted, counted=counted)


def failures(
    network: Network, given: argparse.Namespace, chance: random.Random
) -> Iterator[frozenset[Failure]]:
    singles = network.failures()
    chosen = chance.sample(singles, min(given.most, len(singles))) if given.most else singles
    yield from (frozenset([each]) for each in chosen)
    both = list(combinations(singles, 2))
    yield from (frozenset(pair) for pair in chance.sample(both, min(given.pairs, len(both))))


def play(
    drawn: dict[str, Any], seed: int, given: argparse.Namespace, catalogue: Catalogue
) -> Iterator[Result]:
    """(way, kind of failure, whether tests were run, score) of each case of one network."""
    chance = random.Random(f"{drawn['name']} {seed}")
    picture = Picture(Network(drawn, given.hosts, chance))
    for number, what in enumerate(failures(picture.network, given, chance)):
        kind = "pair" if len(what) > 1 else next(iter(what))[0]
        for rerouted in (False, True):
            case = Case(catalogue, picture, Broken(what, rerouted), f"{seed} {number}")
            told = case.tell()
            for drilled, found in ((False, told), (True, case.drill(told))):
                scored = score(case, opened := tickets(found))
                yield "rerouted" if rerouted else "silent", kind, drilled, scored
                if given.wrong and (scored.alarmed or scored.right < scored.seen):
                    said = [f"{d.root.fault} {d.root.entity} {d.probability:.2f}" for d in opened]
                    print(f"  {drawn['name']} hub {picture.network.hub} {case.broken} {drilled=}: {said}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--file", type=File, default=FILE)
    options.add_argument("--hosts", type=int, default=1, help="at each switch")
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--most", type=int, default=10, help="single failures of each network; 0: all")
    options.add_argument("--pairs", type=int, default=10, help="of each network")
    options.add_argument("--only", default="", help="networks whose name begins so")
    options.add_argument("--wrong", action="store_true", help="print what was named wrong")
    given = options.parse_args()
    if not given.file.exists():
        print(f"no networks to measure on: {given.file} is not there")
        return
    catalogue = load_catalogue()
    sums: dict[tuple[str, str, bool], Counter[str]] = {}
    began = time.process_time()
    with gzip.open(given.file, "rt", encoding="utf-8") as lines:
        networks = [each for each in map(json.loads, lines) if each["name"].startswith(given.only)]
    for drawn in networks:
        for seed in range(given.seeds):
            for *row, scored in play(drawn, seed, given, catalogue):
                sums.setdefault(tuple(row), Counter()).update(scored._asdict())
    for (way, kind, drilled), count in sorted(sums.items()):
        part = max(count["seen"], 1)
        print(
            f"{way:9} {kind:7} {'after tests' if drilled else 'as told':12} showed {count['seen']:5}  "
            f"right {count['right'] / part:7.2%} (goal {GOALS[kind == 'pair']:.0%})  right number of tickets "
            f"{count['counted'] / part:7.2%}  showed nothing {count['unseen']:5}, "
            f"tickets for it {count['alarmed']}"
        )
    print(f"{len(networks)} networks, {time.process_time() - began:.0f} s of CPU")


if __name__ == "__main__":
    main()
