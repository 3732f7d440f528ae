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
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from bench.topology.case import Case
from bench.topology.network import Broken, Failure, Network
from bench.topology.picture import Picture
from bench.topology.score import Score, score, tickets
from rules.catalogue import Catalogue, load_catalogue

FILE = Path(__file__).parents[2] / "shared/data/topologies/topologies_dev.jsonl.gz"
GOALS = {False: 0.97, True: 0.85}
"""Of singles, of pairs."""
Result = tuple[str, str, bool, Score]


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
    options.add_argument("--file", type=Path, default=FILE)
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
