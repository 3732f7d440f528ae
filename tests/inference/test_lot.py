"""Of very many looks at one place some are drawn, whatever the order in which they came."""

from __future__ import annotations

import random

from rules.inference.index import Index
from rules.inference.outcomes import Reading, lot
from rules.models import Role
from wire.judgement import Reason

PLACE = "switch:core"
PING = ("net.icmp", Role.PATH)


def look(number, *, failed=False, crosses=PLACE):
    return Reading(
        key=("mon1", "net.icmp", f"host:h{number}"),
        id=f"mon1#{number}",
        signal="net.icmp",
        reason=Reason.TIMEOUT if failed else Reason.OK,
        place=0 if failed else 1_000,
        leak=1e-3,
        leaked=-1 if failed else 0,
        since=1.0,
        confirmed_at=2.0,
        opposite_at=None,
        clock_error=0.0,
        confirmed=failed,
        intermittent=False,
        exercised=((Role.PATH, crosses),),
        share=(),
        lot=lot(("mon1", "net.icmp", f"host:h{number}")),
        is_symptom=failed,
    )


def drawn(index, share=0.25, since=0.0):
    return {reading.key: reading for reading in index.drawn(PLACE, PING, share, since)}


def index_of(*readings):
    index = Index()
    for reading in readings:
        index.put(reading)
    return index


def test_every_symptom_is_drawn_and_of_the_passes_about_the_share():
    index = index_of(*(look(number, failed=number < 50) for number in range(1_000)))
    found = drawn(index)
    assert sum(reading.is_symptom for reading in found.values()) == 50
    assert 150 < len(found) - 50 < 330


def test_what_is_kept_up_to_date_look_by_look_is_what_would_be_drawn_anew():
    chance = random.Random(7)
    index = index_of(*(look(number) for number in range(400)))
    drawn(index)
    for _ in range(2_000):
        number = chance.randrange(500)
        if chance.random() < 0.2:
            index.drop(look(number).key)
        else:
            crosses = chance.choice([PLACE, PLACE, "switch:other"])
            index.put(look(number, failed=chance.random() < 0.3, crosses=crosses))
    assert drawn(index) == drawn(index_of(*index.readings.values()))


def test_a_smaller_share_is_part_of_a_larger_one():
    index = index_of(*(look(number) for number in range(400)))
    larger = drawn(index, 0.5)
    assert drawn(index, 0.125).keys() < larger.keys()
    assert drawn(index, 0.5) == larger


def test_what_passed_before_anything_failed_is_left_out_until_something_began_earlier():
    index = index_of(*(look(number, failed=number < 50) for number in range(1_000)))
    assert len(drawn(index, since=3.0)) == 50
    assert drawn(index, since=1.0) == drawn(index_of(*index.readings.values()))
