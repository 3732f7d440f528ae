"""Drill files say what they mean, or are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills import injectors
from drills.drill import BadDrill, catalogue, load
from drills.layout import BY_NAME, SWITCHES

DRILL = '[[inject]]\ndo = "killed"\nhost = "web1"\nprocess = "nginx"\n'


def written(place: Path, text: str) -> Path:
    file = place / "one.toml"
    file.write_text(text)
    return file


def test_every_drill_of_the_catalogue_can_be_read() -> None:
    assert len([load(path) for path in catalogue()]) >= 26


def test_every_injector_serves_a_drill() -> None:
    used = {table["do"] for path in catalogue() for table in load(path).inject}
    assert used == set(injectors.known())


def test_every_drill_harms_a_machine_of_the_lab() -> None:
    for path in catalogue():
        for step in load(path).steps:
            host = getattr(step, "host", None)
            assert host is None or host in {*BY_NAME, *SWITCHES}, path.name


def test_an_unknown_injector_is_refused_by_name(tmp_path: Path) -> None:
    file = written(tmp_path, 'title = "x"\n[[inject]]\ndo = "meteor"\n')
    with pytest.raises(BadDrill, match=r"one\.toml.*meteor"):
        load(file)


def test_an_unknown_parameter_is_refused_by_name(tmp_path: Path) -> None:
    file = written(tmp_path, f'title = "x"\n{DRILL}colour = "red"\n')
    with pytest.raises(BadDrill, match="colour"):
        load(file)


def test_a_class_of_answers_needs_its_reason(tmp_path: Path) -> None:
    expect = (
        '[expect]\nfault = "a"\nentity = "b"\ndomain = "network"\ntype = "configuration"\nseen_by = "host"\n'
    )
    other = 'or = [{ fault = "c", entity = "d" }]\n'
    with pytest.raises(BadDrill, match="because"):
        load(written(tmp_path, f'title = "x"\n{DRILL}{expect}{other}'))
