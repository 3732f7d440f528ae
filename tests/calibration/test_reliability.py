"""The figures of calibration against cases worked out by hand, and a disturbed recording that stays one."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from bench.calibration.perturbed import perturbed
from bench.calibration.reliability import (
    Sample,
    bins,
    brier,
    calibration_error,
    fit,
    fitted,
    is_for_fitting,
    tempered,
    to_use,
    wilson,
)
from rules.catalogue import load_catalogue
from server.recording.file import read_recording
from server.recording.lines import Said

RECORDING = Path(__file__).parent.parent / "recorded" / "service_down-1.jsonl.gz"


def samples(said: float, right: int, wrong: int, fault: str = "a") -> list[Sample]:
    return [Sample(fault, said, True)] * right + [Sample(fault, said, False)] * wrong


def test_the_brier_score_is_the_mean_squared_error():
    assert brier([Sample("a", 1.0, True), Sample("a", 0.5, False)]) == pytest.approx(0.125)


def test_what_comes_as_often_as_said_has_no_calibration_error():
    assert calibration_error(samples(0.9, 9, 1)) == pytest.approx(0.0)


def test_what_comes_less_often_than_said_has_the_gap_as_its_error():
    assert calibration_error(samples(0.9, 5, 5)) == pytest.approx(0.4)


def test_every_probability_falls_into_one_bin():
    every = [Sample("a", step / 1000, True) for step in range(1001)]
    assert sum(each.n for each in bins(every)) == len(every)


def test_the_interval_of_ten_right_of_ten_is_that_of_the_textbook():
    assert wilson(10, 10) == pytest.approx((0.722, 1.0), abs=0.001)


def test_a_temperature_of_one_changes_nothing_and_a_higher_one_makes_modest():
    assert tempered(0.9, 1.0) == pytest.approx(0.9)
    assert 0.5 < tempered(0.9, 2.0) < 0.9 < tempered(0.9, 0.5)


@pytest.mark.parametrize("true", [0.6, 1.0, 2.5])
def test_the_fit_finds_the_temperature_by_which_the_samples_were_made(true):
    chance = Random(7)
    said = [chance.uniform(0.5, 0.98) for _ in range(6000)]
    found = fit([Sample("a", each, chance.random() < tempered(each, true)) for each in said])
    assert found == pytest.approx(true, rel=0.15)


def test_what_cannot_be_told_from_one_is_not_used():
    assert to_use(1.4, (0.9, 2.0), 9) == 1.0
    assert to_use(1.4, (1.2, 2.0), 9) == 1.4


def test_few_faults_fit_nothing():
    assert to_use(1.4, (1.2, 2.0), 4) == 1.0


def test_the_interval_resamples_whole_faults():
    one_is_wrong = [s for name in "abcdef" for s in samples(0.9, 9, 1, name)] + samples(0.9, 0, 60, "g")
    _, (low, high) = fitted(one_is_wrong)
    assert high > 2 * low


def test_about_half_of_all_faults_are_for_fitting():
    faults = sorted(load_catalogue().faults)
    assert 0.4 < sum(map(is_for_fitting, faults)) / len(faults) < 0.6


def numbers(lines) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for line in lines:
        if isinstance(line, Said):
            found.setdefault(line.batch.agent, []).extend(seen.seq for seen in line.batch.observations)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_disturbed_recording_keeps_the_order_of_every_agent(seed):
    lines = perturbed(list(read_recording(RECORDING)), seed)
    assert all(each == sorted(set(each)) for each in numbers(lines).values())


def test_the_same_seed_disturbs_alike_and_another_one_otherwise():
    lines = list(read_recording(RECORDING))
    assert perturbed(lines, 1) == perturbed(lines, 1)
    assert perturbed(lines, 1) != perturbed(lines, 2)


def test_a_disturbed_recording_lost_some_looks_and_got_false_ones():
    lines = list(read_recording(RECORDING))
    before = {seq * 10 for each in numbers(lines).values() for seq in each}
    after = [seq for each in numbers(perturbed(lines, 1)).values() for seq in each]
    assert len([seq for seq in after if seq % 10]) == 2 * 2
    assert before - set(after)
