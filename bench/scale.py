"""Does an observation cost more where there are more hosts? And how long to the diagnosis of one switch?

    python bench/scale.py [--largest 100000]

At each decade the same fat tree as in ``inference.py``, all looks known. Then the engine takes the same work:
looks that pass once more, and a few that fail and pass again, with a diagnosis after every ten; at last one
aggregation switch dies with the 1000 hosts behind it. A million hosts take some minutes and 4.3 GiB.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time

from bench.inference import START, Tree, rss
from bench.yardstick import yardstick
from rules.catalogue import load_catalogue
from rules.inference import Engine
from wire.judgement import Reason

POD = 1_000
"""Hosts behind one aggregation switch."""
PARTS = 10
PART = 200
"""Observations that are taken at each size, and measured together."""
EVERY = 10
"""Of how many one fails, and is diagnosed; the next one of the same look passes again."""


def healthy(tree: Tree) -> Engine:
    """Everything is known, and well."""
    engine = Engine(load_catalogue(), tree.graph())
    behind = tree.behind()
    for place in range(len(tree.names)):
        seen = START - 3.0 if place in behind else START + 40.0
        engine.update(tree.heartbeat(place, Reason.OK, seen))
        engine.update(tree.ping(place, Reason.OK, seen))
    engine.infer(START)
    return engine


def work(tree: Tree, engine: Engine) -> float:
    """CPU microseconds for one observation, its part of the diagnoses included: the median of some parts.

    What runs beside us empties our caches now and then, which costs a large site the most.
    """
    return statistics.median(_some_work(tree, engine, START + 41.0 + part * PART) for part in range(PARTS))


def _some_work(tree: Tree, engine: Engine, at: float) -> float:
    last = len(tree.names) - 1
    looks = [tree.ping(last - number % 500, Reason.OK, at + number) for number in range(PART)]
    failing = [tree.ping(last - number % 500, Reason.TIMEOUT, at + number) for number in range(PART)]
    began = time.process_time()
    for number, passing in enumerate(looks):
        if number % EVERY == 0:
            engine.update(failing[number])
            engine.infer(at + PART)
        engine.update(passing)
    return (time.process_time() - began) / (PART + PART // EVERY) * 1e6


def switch_dies(tree: Tree, engine: Engine) -> tuple[float, float, str]:
    """CPU and wall seconds from the first of 2000 symptoms to the diagnosis, and what it says."""
    symptoms = list(tree.symptoms())
    cpu, wall = time.process_time(), time.perf_counter()
    for symptom in symptoms:
        engine.update(symptom)
    found = engine.infer(START + 45.0)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu, wall, ", ".join(f"{each.root.fault} {each.root.entity}" for each in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--largest", type=int, default=100_000, help="hosts")
    given = parser.parse_args()
    print(f"before: {yardstick()}")
    print(f"{'hosts':>9} {'us each':>8} {'ratio':>6} {'CPU s':>6} {'wall s':>6} {'MiB':>6}  located")
    first = 0.0
    hosts = POD
    while hosts <= given.largest:
        tree = Tree(max(2, hosts // POD), 25, POD // 25)
        engine = healthy(tree)
        gc.collect()
        gc.freeze()
        each = work(tree, engine)
        first = first or each
        cpu, wall, located = switch_dies(tree, engine)
        print(
            f"{len(tree.names):>9} {each:>8.0f} {each / first:>6.2f} {cpu:>6.2f} {wall:>6.2f} {rss():>6.0f}  "
            f"{located}",
            flush=True,
        )
        gc.unfreeze()
        del tree, engine
        gc.collect()
        hosts *= 10
    print(f"after: {yardstick()}")


if __name__ == "__main__":
    main()
