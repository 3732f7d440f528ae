"""Measured on log lines that others recorded and labelled, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bench.signatures import BENIGN, LINES, Row, Score, judge, said
from rules.matching.matcher import Matcher

pytestmark = pytest.mark.skipif(not LINES.exists(), reason="the recorded log lines are not here")


@pytest.fixture(scope="module")
def scores(compiled: Path) -> dict[str, Score]:
    rows = [msgspec.json.decode(line, type=Row) for line in LINES.read_bytes().splitlines()]
    return judge(rows, Matcher(folder=compiled))


def test_faults_are_found_and_named(scores):
    faults = [score for label, score in scores.items() if label != BENIGN]
    lines = sum(score.lines for score in faults)
    assert sum(score.found for score in faults) >= 0.97 * lines
    assert sum(score.named for score in faults) >= 0.95 * lines


def test_harmless_lines_raise_few_alarms(scores):
    assert scores[BENIGN].lines - scores[BENIGN].named <= 0.01 * scores[BENIGN].lines


@pytest.mark.parametrize(
    ("label", "signal", "name"),
    [
        ("oom_kill", "oom_kill", "oom_kill"),
        ("oom_kill", "", BENIGN),
        ("oom_kill", "panic", "kernel_panic_oops"),
    ],
)
def test_signal_is_said_in_the_words_of_the_labels(label, signal, name):
    assert said(label, signal) == name
