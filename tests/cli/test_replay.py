"""`rootward replay` by its exit codes, its lines and its words."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from cli.main import main

HEAD, TAIL = "Personalities : [raid1]\n", "unused devices: <none>\n"
MDSTAT = f"{HEAD}md0 : active raid1 sdb1[1](F) sda1[0]\n      1 blocks [2/1] [U_]\n{TAIL}"
CLEAN = HEAD + TAIL


def lines(text: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in text.splitlines()]


def test_a_recorded_output_prints_its_facts_and_then_its_observations(capsys, tmp_path):
    (tmp_path / "it").write_text(MDSTAT)
    assert main(["replay", "--kind", "mdstat", str(tmp_path / "it")]) == 1
    facts, *observations = lines(capsys.readouterr().out)
    assert facts["facts"]["not_clean"] == ["md0"]
    assert [(one["observation"]["signal"], one["observation"]["verdict"]) for one in observations] == [
        ("raid.array", "fail")
    ]


def test_what_is_well_ends_with_zero_and_several_files_are_read_in_turn(capsys, tmp_path):
    (tmp_path / "it").write_text(CLEAN)
    assert main(["replay", "--kind", "mdstat", str(tmp_path / "it"), str(tmp_path / "it")]) == 0
    assert len(lines(capsys.readouterr().out)) == 2


def test_standard_input_is_read_too(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(MDSTAT.encode())))
    assert main(["replay", "--kind", "mdstat", "--host", "web1", "-"]) == 1
    assert "array:web1/md0" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["nvidia-smi", "nvidia_smi", "NVIDIA-SMI"])
def test_a_kind_may_be_spelt_with_hyphens(capsys, tmp_path, kind):
    (tmp_path / "it").write_text("GPU 0: Tesla T4 (UUID: GPU-12345678-aaaa)\n")
    assert main(["replay", "--kind", kind, str(tmp_path / "it")]) == 0
    assert lines(capsys.readouterr().out)[0]["facts"]["gpus"] == 1


def test_a_text_that_nobody_can_read_is_told_and_ends_with_two(capsys, tmp_path):
    (tmp_path / "it").write_text('{"broken": ')
    assert main(["replay", "--kind", "redfish", str(tmp_path / "it")]) == 2
    printed = capsys.readouterr()
    facts, observation = lines(printed.out)
    assert facts == {"facts": {}}
    assert observation["observation"]["reason"] == "unreadable"
    assert "it is no redfish: not JSON" in printed.err


def test_a_tree_of_proc_and_sys_is_read_by_its_root(capsys, tmp_path):
    folder = tmp_path / "sys" / "block" / "md0" / "md"
    folder.mkdir(parents=True)
    (folder / "array_state").write_text("clean\n")
    (folder / "degraded").write_text("1\n")
    assert main(["replay", "--root", str(tmp_path)]) == 1
    assert {"facts": {"sys/block/md0/md/array_state": "clean", "sys/block/md0/md/degraded": "1"}} in lines(
        capsys.readouterr().out
    )


def test_a_kind_that_nobody_reads_is_named(capsys):
    assert main(["replay", "--kind", "tea-leaves", "/dev/null"]) == 2
    assert "no collector reads tea-leaves" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_named(capsys, tmp_path):
    assert main(["replay", "--kind", "mdstat", str(tmp_path / "absent")]) == 2
    assert "absent: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["/dev/null"], ["--kind", "mdstat"]])
def test_what_is_missing_on_the_command_line_is_said(capsys, arguments):
    assert main(["replay", *arguments]) == 2
    assert capsys.readouterr().err.startswith("rootward replay: ")


def test_the_kinds_are_listed(capsys):
    assert main(["replay", "--kinds"]) == 0
    assert {"mdstat", "smartctl_json", "redfish", "ipmitool_sel"} <= set(capsys.readouterr().out.split())


def test_words_instead_of_an_output_are_kept_for_every_kind(capsys, tmp_path):
    (tmp_path / "it").write_text("need to be root\n")
    assert main(["replay", "--kind", "multipath", str(tmp_path / "it")]) == 0
    assert lines(capsys.readouterr().out) == [{"facts": {"complaint": "need to be root"}}]


def test_a_listing_that_never_came_is_told_beside_the_words_as_one_without_rows(capsys, tmp_path):
    (tmp_path / "it").write_text("Failed to list units: Connection refused\n")
    assert main(["replay", "--kind", "systemctl", str(tmp_path / "it")]) == 0
    ((told,),) = [one.values() for one in lines(capsys.readouterr().out)]
    assert (told["failed_units"], told["complaint"]) == ([], "Failed to list units: Connection refused")


def test_a_kind_of_many_small_files_is_not_read_from_one(capsys, tmp_path):
    (tmp_path / "it").write_text("permission denied\n")
    assert main(["replay", "--kind", "sysfs", str(tmp_path / "it")]) == 2
    assert "give --root" in capsys.readouterr().err
