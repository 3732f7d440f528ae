"""The lab comes up as drawn and goes without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drills.errors import LabError
from drills.lab import Lab
from drills.layout import PLACES
from drills.rack import NAME
from tests.drills.seeing import left_over, page, pings, soon

pytestmark = pytest.mark.root


def test_every_host_reaches_every_segment(lab: Lab) -> None:
    for place in PLACES:
        for other in ("web1", "db1", "out1"):
            assert soon(lambda: pings(lab[place.name], other)), f"{place.name} does not reach {other}"  # noqa: B023


def test_the_web_servers_answer_from_the_database(lab: Lab) -> None:
    for name in ("web1", "web2"):
        assert soon(lambda: page(lab["ws1"], f"https://{name}.lab.test/") == "200 shop: 100 items in stock")  # noqa: B023


def test_a_host_sees_only_its_own_processes(lab: Lab) -> None:
    said = lab["web1"].run("ps", "-eo", "comm=").stdout.split()
    assert "nginx" in said
    assert "postgres" not in said


def test_what_a_host_writes_no_other_host_reads(lab: Lab) -> None:
    lab["web1"].write("/etc/only-here", "x")
    assert not lab["web2"].path("/etc/only-here").exists()
    assert not Path("/etc/only-here").exists()


def test_a_second_lab_of_the_same_name_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match="running already"):
        Lab(f"t{os.getpid()}")


def test_a_killed_lab_leaves_nothing_that_the_next_one_does_not_remove() -> None:
    prefix = f"k{os.getpid()}"
    script = f"from drills.lab import Lab\nlab = Lab({prefix!r})\nlab.up()\nprint('up', flush=True)\ninput()"
    owner = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "up\n"
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    with Lab(prefix):
        pass
    assert soon(lambda: left_over(NAME + prefix) == [])
