"""What one failure with thousands of symptoms costs the server, and how many tickets come of it.

Agents' batches go the way they go in production, through current state and every stage to a database on disk;
only time is played. The root's own symptom comes first, last, or two seconds after the first of the others.
``well s``: what the same site costs for as long while nothing fails, heartbeats for the most part.
Beside it, Alertmanager is given as many alerts over its HTTP interface, grouped and inhibited as usual.

Run: ``python bench/storms.py``; 100 000 symptoms with ``--symptoms 100000 --shape core_switch``.
"""

from __future__ import annotations

import argparse
import gc
import logging
import tempfile
from pathlib import Path
from typing import NamedTuple

import structlog

from bench.storm.alertmanager import notify
from bench.storm.play import ARRIVALS, Play
from bench.storm.shapes import SHAPES, Storm
from bench.yardstick import yardstick
from rules.catalogue import Catalogue, load_catalogue
from server.desk.ticket import Ticket
from server.garbage import spare_collector


def rss(field: str = "VmRSS") -> float:
    """MiB of this process: now, or the most since ``forget_peak``."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith(field)).split()[1]) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


class Seen(NamedTuple):
    """CPU seconds in health; what a storm cost: CPU and wall seconds, MiB of growth; all tickets of it."""

    well: float
    cpu: float
    wall: float
    grown: float
    tickets: list[Ticket]


def measure(storm: Storm, arrival: str, catalogue: Catalogue) -> Seen:
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        play = Play(storm, Path(folder), catalogue)
        play.settle_in()
        spare_collector()
        well = play.stay_well()
        forget_peak()
        before = rss()
        play.fail(ARRIVALS[arrival])
        seen = Seen(well, play.clock.cpu, play.clock.wall, rss("VmHWM") - before, play.tickets())
        play.database.close()
        gc.unfreeze()
        return seen


def verdict(storm: Storm, tickets: list[Ticket]) -> str:
    """In one word, or what there was instead."""
    wanted = [storm.root]
    if [each.root for each in tickets] == wanted:
        return "the root"
    return "; ".join(f"{each.fault} {each.entity} {each.status}" for each in tickets[:4]) or "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--symptoms", type=int, default=10_000)
    parser.add_argument("--shape", choices=[shape.__name__ for shape in SHAPES])
    parser.add_argument("--arrival", choices=list(ARRIVALS))
    parser.add_argument("--alone", action="store_true", help="without Alertmanager")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    catalogue = load_catalogue()
    print(f"before: {yardstick()}")
    print(
        f"{'root':>12} {'looks':>7} {'its own':>8} {'well s':>7} {'CPU s':>7} {'wall s':>7} {'MiB more':>8} "
        f"{'tickets':>7}"
    )
    for shape in SHAPES:
        if given.shape not in {None, shape.__name__}:
            continue
        storm = shape(given.symptoms)
        cpu = 0.0
        for arrival in ARRIVALS:
            if given.arrival in {None, arrival}:
                seen = measure(storm, arrival, catalogue)
                said = verdict(storm, seen.tickets)
                cpu = max(cpu, seen.cpu - seen.well)
                print(
                    f"{storm.name:>12} {storm.symptoms:>7} {arrival:>8} {seen.well:>7.2f} {seen.cpu:>7.2f} "
                    f"{seen.wall:>7.2f} {seen.grown:>8.0f} {len(seen.tickets):>7}  {said}",
                    flush=True,
                )
        if not given.alone:
            peer = notify(storm)
            print(
                f"{'Alertmanager':>12} {storm.symptoms:>7} {peer.cpu:>24.2f} {peer.grown:>16.0f} "
                f"{peer.notifications:>7}  notifications of {peer.groups} groups; "
                f"our CPU beyond that in health is {cpu / max(peer.cpu, 0.01):.2f} of its",
                flush=True,
            )
    print(f"after: {yardstick()}")


if __name__ == "__main__":
    main()
