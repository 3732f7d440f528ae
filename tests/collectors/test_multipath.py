"""Paths of multipath disks, as old and new versions of the tool print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host import Host
from collectors.storage import multipath
from tests.collectors.conftest import about
from wire.judgement import Reason

NEW = """mpatha (36f01faf000da360b) dm-2 DELL,MD36xxi
size=54T features='3 queue_if_no_path' hwhandler='1 rdac' wp=rw
|-+- policy='round-robin 0' prio=0 status=active
| `- 12:0:0:1 sdc 8:32   active ready  running
`-+- policy='round-robin 0' prio=0 status=enabled
  `- 13:0:0:1 sdf 8:80   {state}
"""
OLD = """L004 (360060160ade32800) dm-9 DGC,RAID 5
[size=100G][features=1 queue_if_no_path][hwhandler=1 emc][rw]
\\_ round-robin 0 [prio=1][active]
 \\_ 3:0:1:4 sdk  8:160  [active][ready]
 \\_ 5:0:0:4 sdp  8:240  [failed][faulty]
"""


def reason(text: str) -> Reason:
    return about(multipath.judge(multipath.parse(text.encode()), Host("box")), "disk.paths").reason


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("active ready  running", Reason.OK),
        ("active ghost  running", Reason.OK),
        ("failed faulty running", Reason.DEGRADED),
        ("active faulty offline", Reason.DEGRADED),
    ],
)
def test_a_path_that_fails_degrades_its_disk(state, expected):
    assert reason(NEW.format(state=state)) is expected


def test_a_disk_without_any_path_is_gone():
    text = NEW.format(state="failed faulty running").replace("active ready  running", "failed faulty running")
    assert reason(text) is Reason.STOPPED


def test_a_map_that_has_no_path_left_to_ask_is_gone():
    assert (
        reason("mpathb (3600) dm-3 ##,##\nsize=2.0G features='0' hwhandler='1 alua' wp=rw\n")
        is Reason.STOPPED
    )


def test_failed_paths_picked_out_of_their_maps_are_told():
    assert reason("  |- 6:0:4:13  sdaq 66:160  failed faulty running\n") is Reason.DEGRADED


def test_the_brackets_of_old_versions_are_read():
    assert reason(OLD) is Reason.DEGRADED


def test_a_machine_without_multipath_asks_no_tool(tree):
    tree.write("/sys/block/dm-0/dm/uuid", "LVM-abc\n")
    assert not list(multipath.read(tree.host()))


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text):
    list(multipath.judge(multipath.parse((NEW + text).encode()), Host("box")))
