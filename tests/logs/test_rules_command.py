"""The command ``rootward rules``, run as people run it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.rules_match import blocks, match_stream
from rules.matching.matcher import Matcher

ROOT = Path(__file__).parents[2]
OOM = "Killed process 12 (java) total-vm:1kB"


def rules(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "rules", *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


@pytest.fixture(scope="module")
def matched(compiled):
    """The answers to the lines of some bytes."""
    matcher = Matcher(folder=compiled)

    def answers(data: bytes) -> list[dict[str, object]]:
        stream = match_stream(io.BytesIO(data), "web1", matcher)
        return [json.loads(line) for line in b"".join(stream).splitlines()]

    return answers


def test_every_line_gets_one_answer(compiled):
    done = rules("match", "--cache", str(compiled), text=f"hello\n{OOM}\n\nlast")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["n"] for answer in answers] == [1, 2, 3, 4]
    assert answers[0] == {
        "n": 1,
        "signature": None,
        "signal": None,
        "fault": None,
        "entity": None,
        "severity": None,
    }
    assert answers[1] == {
        "n": 2,
        "signature": "oom-killed-process-sizes",
        "signal": "log.oom_kill",
        "fault": "mem.oom.kill",
        "entity": "process:localhost/java",
        "severity": "critical",
    }


def test_file_is_read_by_name(compiled, tmp_path):
    path = tmp_path / "a.log"
    path.write_text(OOM + "\n")
    done = rules("match", "--cache", str(compiled), str(path), "--host", "db1")
    assert json.loads(done.stdout)["entity"] == "process:db1/java"


def test_missing_file_is_named():
    done = rules("match", "/nowhere/a.log")
    assert done.returncode == 2
    assert "/nowhere/a.log" in done.stderr


def test_knowledge_has_no_problems():
    done = rules("lint")
    assert (done.returncode, done.stdout) == (0, "no problems\n")


def test_list_is_json_lines_when_asked():
    kinds = {json.loads(line)["kind"] for line in rules("list", "--json").stdout.splitlines()}
    assert kinds == {"fault", "signal", "signature"}


def test_show_prints_one_whole():
    assert json.loads(rules("show", "oom-invoked", "--json").stdout)["signal"] == "log.oom_kill"


def test_show_of_an_unknown_id_fails():
    assert rules("show", "no-such").returncode == 1


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\n\n", b"a", b"a\n", b"a\r\nb\r\n", (OOM + "\r\n").encode() * 3]
)
def test_numbers_run_as_lines_do(matched, data):
    assert [answer["n"] for answer in matched(data)] == list(range(1, len(data.splitlines()) + 1))


def test_trouble_that_is_over_is_no_answer(matched):
    (answer,) = matched(b"EXT4-fs (sda1): INFO: recovery required on readonly filesystem")
    assert answer["signature"] is None


def test_line_longer_than_a_block_is_one_line(matched):
    assert len(matched(b"x" * 10_000_000 + b"\n" + OOM.encode())) == 2


def test_blocks_are_whole_lines():
    assert list(blocks(io.BytesIO(b"a\nb\nc"))) == [b"a\nb\n", b"c"]
