"""One lab, one drill after the other, with both sides watching."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.compare.peers import Peers
from bench.compare.seen import Ours, Seen
from drills.case import Case
from drills.drill import Answer, Drill, load
from drills.errors import LabError
from drills.outcome import Outcome
from drills.stage import LabStage, Stage, attempt

STAYS = 120.0
"""Seconds that a harm lasts after our right ticket; with their slowest usual way (two intervals, a minute in
``for``, half a minute in ``group_wait``) that is time enough for them."""
WITHIN = 150.0
"""Seconds that we have for a right ticket, at least."""
SETTLES, HEALTHY = 60.0, 150.0
"""Seconds that a new lab is left alone, and of how many then counts what the peers say of it."""
CALMS = 45.0


def run(drills: Sequence[tuple[str, Path]], out: Path) -> None:
    """Area and file of each drill; what was seen is added to ``out``, drill by drill."""
    with Peers() as peers, LabStage(beside=peers.start) as stage:
        for area, path in drills:
            try:
                seen = watch(stage, peers, load(path), area)
            except LabError as error:
                print(f"{path.stem}: {error}", file=sys.stderr, flush=True)
                stage.tear_down()
                continue
            with out.open("ab") as file:
                file.write(msgspec.json.encode(seen) + b"\n")
            told = sum(post.variant == "quick" for post in seen.posts)
            said = seen.ours.why or seen.ours.answer
            print(f"{path.stem}: {said}; they sent {told}", file=sys.stderr, flush=True)
            if seen.ours.why:
                stage.tear_down()


def read(out: Path) -> list[Seen]:
    lines = out.read_bytes().splitlines() if out.exists() else []
    return [msgspec.json.decode(line, type=Seen) for line in lines]


def watch(stage: Stage, peers: Peers, drill: Drill, area: str) -> Seen:
    """Raises LabError where the drill did not take place."""
    product = stage.product
    if peers.noisy is None:
        time.sleep(SETTLES)
        peers.learn_noise(HEALTHY)
    peers.calm(CALMS)
    peers.begin_anew()
    longer = msgspec.structs.replace(drill, hold=STAYS, within=max(drill.within, WITHIN))
    outcome = attempt(stage, longer, 1)
    if outcome.harmed is None:
        raise LabError(outcome.why)
    began, ended = outcome.harmed
    roots = [answer for one in Case(product, drill, 1).filled(drill.expected) for answer in (one, *one.or_)]
    return Seen(
        drill=drill.name,
        title=drill.title,
        area=area,
        expected=tuple(Answer(fault=root.fault, entity=root.entity) for root in roots),
        began=began,
        ended=ended,
        ours=_ours(outcome),
        noisy=peers.noisy or (),
        fired=peers.fired(began, ended),
        posts=peers.posts(began, ended),
        load=os.getloadavg()[0],
    )


def _ours(outcome: Outcome) -> Ours:
    """Right where the right tickets stood alone in the end; ``why`` also tells of a repair not seen."""
    return Ours(
        right=outcome.opened is not None,
        why=outcome.why,
        answer=outcome.answer,
        tickets=outcome.tickets,
        first=outcome.first,
        named=outcome.opened,
    )
