"""Drill files say what they mean, or are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills import injectors
from drills.drill import MACHINE, UNPROVEN, BadDrill, catalogue, load
from drills.schema import schema

EVERY = [*catalogue(), *catalogue(UNPROVEN), *catalogue(MACHINE)]
DRILL = '[[inject]]\ndo = "killed"\nhost = "web1"\nprocess = "nginx"\n'


def written(place: Path, text: str) -> Path:
    file = place / "one.toml"
    file.write_text(text)
    return file


def test_every_drill_of_the_catalogue_can_be_read() -> None:
    assert len([load(path) for path in EVERY]) >= 26


def test_every_injector_serves_a_drill() -> None:
    drills = [load(path) for path in EVERY]
    used = {table["do"] for drill in drills for table in (*drill.prepare, *drill.inject)}
    assert used == set(injectors.known())


def test_no_two_drills_of_the_catalogue_have_one_name() -> None:
    names = [path.stem for path in EVERY]
    assert len(names) == len(set(names))


def test_a_machine_that_the_lab_has_not_is_refused_by_field(tmp_path: Path) -> None:
    file = written(tmp_path, f'title = "x"\n{DRILL}{DRILL.replace("web1", "web9")}')
    with pytest.raises(BadDrill, match=r"one\.toml.*`\$\.inject\[1\]\.host`"):
        load(file)


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


def test_several_tickets_may_be_expected(tmp_path: Path) -> None:
    one = '[[expect]]\nfault = "a"\nentity = "b"\ndomain = "network"\ntype = "configuration"\n'
    other = one.replace('"b"', '"c"')
    drill = load(written(tmp_path, f'title = "x"\n{DRILL}{one}{other}'))
    assert [each.entity for each in drill.expected] == ["b", "c"]


def test_an_operation_is_read_with_its_moment(tmp_path: Path) -> None:
    operate = '[[operate]]\ndo = "server_stopped"\nafter = 5\nrevert_after = 30\n'
    (step,) = load(written(tmp_path, f'title = "x"\n{operate}')).steps
    assert (step.after, step.revert_after) == (5, 30)


def test_every_harm_and_operation_stands_in_the_schema() -> None:
    definitions = schema()["$defs"]
    kinds = [each["properties"]["do"]["enum"] for each in definitions.values() if "do" in each["properties"]]
    told = {name for (name,) in kinds}
    assert told >= {*injectors.known(), "server_stopped", "work_planned", "site_declared"}


def test_a_harm_that_the_stage_cannot_do_is_refused_by_name(tmp_path: Path) -> None:
    file = written(tmp_path, f'title = "x"\nstage = "machine"\n{DRILL}')
    with pytest.raises(BadDrill, match=r"killed is not possible on the stage 'machine'"):
        load(file)


def test_every_drill_of_the_machine_is_played_on_it() -> None:
    assert {load(path).stage for path in catalogue(MACHINE)} == {"machine"}
