"""Recordings of drills in the lab, each with the root that it must lead to: a wrong diagnosis becomes a test.

``rootward drill run … --record DIR`` writes both files; they are put here as they are.
"""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

import msgspec
import pytest

from drills.case import WITHDRAWN
from drills.lab import PROJECT
from drills.recorded import anonymous, read_must
from drills.verdict import difference
from rules.catalogue import Catalogue, load_catalogue
from server.recording.file import read_recording
from server.recording.rerun import rerun

FOLDER = Path(__file__).parent
RECORDINGS = sorted(path.name.removesuffix(".jsonl.gz") for path in FOLDER.glob("*.jsonl.gz"))
OVER = {"resolved", "closed"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recorded_drill_leads_to_its_root(name, tmp_path, catalogue):
    must = read_must(FOLDER / f"{name}.must.json")
    told = rerun(partial(read_recording, FOLDER / f"{name}.jsonl.gz"), tmp_path, catalogue)
    stood = [msgspec.to_builtins(each.ticket) for each in told if each.ticket.status not in WITHDRAWN]
    assert difference(must.expected, must.also, stood) == ""
    if must.repaired:
        assert {each["status"] for each in stood} <= OVER
    named = [each for ended in told if ended.diagnosis for each in ended.diagnosis.hypotheses]
    assert [(each.fault, each.entity) for each in named if not (each.supported_by or each.opposed_by)] == []


def test_a_recording_does_not_tell_where_the_project_lay():
    said = gzip.compress(f'{{"point":"{PROJECT.resolve()}"}}'.encode())
    assert str(PROJECT.resolve()) not in gzip.decompress(anonymous(said)).decode()


def test_every_recording_has_its_answer_and_every_answer_its_recording():
    answers = sorted(path.name.removesuffix(".must.json") for path in FOLDER.glob("*.must.json"))
    assert answers == RECORDINGS
    assert len(RECORDINGS) > 5
