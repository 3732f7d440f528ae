"""The door to the machine."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from collectors.host import Host
from collectors.judging import judged
from tests.waiting import soon
from wire.codec import decode, encode
from wire.judgement import Judgement, Reason


def test_a_tree_of_files_stands_in_for_the_machine(tree):
    tree.write("/proc/loadavg", "0.1 0.2 0.3 1/2 3\n")
    assert tree.host().read("/proc/loadavg").startswith("0.1")


def test_no_path_leads_out_of_the_tree(tree):
    with pytest.raises(FileNotFoundError):
        tree.host().read("/../../../../../../etc/passwd")


def test_a_long_file_is_cut_at_the_limit(tree):
    tree.write("/var/log/long", "x" * 5000)
    assert len(tree.host().read("/var/log/long", 100)) == 100


def test_a_tree_runs_no_command(tree):
    assert tree.host().run(["uname"]).missing


def test_a_command_that_does_not_exist_is_missing(host):
    assert host.run(["no-such-command-anywhere"]).missing


def test_a_command_is_killed_with_its_children_at_the_deadline(host, tmp_path):
    note = tmp_path / "pid"
    done = host.run(["sh", "-c", f"sleep 60 & echo $! > {note}; wait"], timeout=3.0)
    assert done.late
    child = int(note.read_text())
    assert soon(lambda: not _runs(child))


def test_a_command_that_says_too_much_is_cut(host):
    done = host.run(["sh", "-c", "while :; do echo y; done"], limit=1000)
    assert done.cut
    assert len(done.out) == 1000


def test_a_command_gets_nothing_of_the_agents_environment(host, monkeypatch):
    monkeypatch.setenv("SECRET", "hunter2")
    assert "hunter2" not in host.run(["env"]).text


def test_what_several_units_want_at_once_is_read_once(host):
    calls: list[int] = []
    for unit in (host.for_unit(), host.for_unit()):
        unit.cached("key", 10.0, lambda: calls.append(1))
    assert calls == [1]


def test_units_share_what_is_remembered_and_not_their_memory():
    one = Host("box")
    other = one.for_unit()
    other.remembered["kept"] = 1
    other.memory["own"] = 1
    assert (one.remembered, one.memory) == ({"kept": 1}, {})


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_no_name_that_somebody_chose_can_spoil_a_judgement():
    verdict = judged(
        "fs.space", "fs:box:/evil\n\x1b[2J" + "x" * 600, Reason.FULL, device="\x1b]0;pwned\x07" + "y" * 9999
    )
    assert decode(encode(verdict), Judgement) == verdict
    assert "\x1b" not in str(verdict)
