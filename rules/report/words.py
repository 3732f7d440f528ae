"""The sentences of a report in one language, and how numbers and times are written."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

Language = Literal["en", "zh"]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language of words.toml; a sentence missing there stops the load."""

    since: str
    certainty_confirmed: str
    certainty_likely: str
    certainty_inconclusive: str
    separate: str
    explains: str
    root: str
    do_first: str
    affected: str
    consequence: str
    perhaps: str
    redundancy: str
    group_left: str
    group_spare: str
    group_last: str
    group_fallen: str
    narrowed: str
    step: str
    step_result: str
    step_open: str
    step_ruled_out: str
    step_test: str
    step_no_answer: str
    ruled_out: str
    ruled_out_item: str
    context: str
    context_item: str
    unchecked: str
    unchecked_item: str
    alternatives: str
    evidence: str
    evidence_head: tuple[str, ...]
    timeline: str
    timeline_item: str
    proof: str
    proof_text: str
    facts_head: tuple[str, ...]
    happened_before: str
    propose_problem: str
    fault: str
    entity: str
    state: dict[str, str]
    action: dict[str, str]
    grade: dict[str, str]
    """Priorities, scopes, classes and states of a ticket."""
    class_: str = msgspec.field(name="class")


@cache
def words(language: Language) -> Words:
    content = (Path(__file__).parent / "words.toml").read_bytes()
    return msgspec.toml.decode(content, type=dict[str, Words])[language]


def percent(probability: float) -> str:
    """0.9973 → ``99.7 %``; never rounded up to a certainty that nobody has."""
    return f"{min(probability, 0.999) * 100:.1f} %"


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
