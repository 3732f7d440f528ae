"""`rootward replay` by its exit codes and words, on sources that a package declares."""

from __future__ import annotations

import pytest

from cli.main import main


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
