"""Arrays of the md driver in all their states, from /proc/mdstat and from /sys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host import Host
from collectors.storage import md_array, mdadm, mdstat
from tests.collectors.conftest import about
from wire.judgement import Reason

HEAD = "Personalities : [raid1] [raid6] [raid5] [raid4] [raid10]\n"
TAIL = "unused devices: <none>\n"


def judged(*lines: str) -> list[object]:
    return list(mdstat.judge(mdstat.parse((HEAD + "\n".join(lines) + "\n" + TAIL).encode()), Host("box")))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["md0 : active raid1 sdb1[1] sda1[0]", "      136448 blocks [2/2] [UU]"], Reason.OK),
        (["md0 : active raid1 sdb1[1](F) sda1[0]", "      136448 blocks [2/1] [U_]"], Reason.DEGRADED),
        (
            [
                "md0 : active raid1 sdb1[2] sda1[0]",
                "  1 blocks [2/1] [U_]",
                "  [=>..]  recovery = 12.6% (1/2)",
            ],
            Reason.DEGRADED,
        ),
        (
            [
                "md0 : active raid5 sdb1[1] sda1[0] sdc1[3]",
                "  2 blocks level 5 [3/3] [UUU]",
                "  [>]  check = 0.1% (1/2)",
            ],
            Reason.OK,
        ),
        (
            ["md0 : active raid6 a[0] b[1](F) c[2](F) d[3]", "  2 blocks level 6 [4/2] [U__U]"],
            Reason.DEGRADED,
        ),
        (["md0 : active raid5 a[0] b[1](F) c[2](F)", "  2 blocks level 5 [3/1] [U__]"], Reason.STOPPED),
        (["md0 : active raid1 sdb1[1] sda1[0]", "      136448 blocks [2/2] [_U]"], Reason.DEGRADED),
        (["md0 : active raid6 a[0] b[1](F) c[2] d[3]"], Reason.DEGRADED),
        (["md0 : active raid1 b[1](F) a[0]"], Reason.DEGRADED),
        (["md0 : active raid1 b[1](F) a[0](F)"], Reason.STOPPED),
        (["md0 : inactive sdc1[0](S)", "      1048512 blocks"], Reason.STOPPED),
        (["md0 : broken raid0 sdb1[1] sda1[0]", "      1 blocks super 1.2 512k chunks"], Reason.STOPPED),
        (["md0 : active (auto-read-only) raid0 sdb1[1] sda1[0]", "      1 blocks super 1.2"], Reason.OK),
        (["md0 : inactive sdd[1](S) sde[0](S)", "      6056 blocks super external:imsm"], Reason.OK),
    ],
)
def test_an_array_is_judged_by_what_it_lacks(lines, reason):
    assert about(judged(*lines), "raid.array", "/md0").reason is reason


def test_a_recovery_tells_how_far_it_is():
    lines = [
        "md0 : active raid1 sdb1[2] sda1[0]",
        "  1 blocks [2/1] [U_]",
        "  [=>..]  recovery = 12.6% (1/2)",
    ]
    assert about(judged(*lines), "raid.array").evidence["recovery"] == "12.6%"


def test_a_failed_disk_is_told_by_itself_only_where_the_array_is_whole_without_it():
    whole = judged("md0 : active raid1 sdc1[2](F) sdb1[1] sda1[0]", "      1 blocks [2/2] [UU]")
    assert about(whole, "raid.disk", "/sdc").reason is Reason.ERRORS
    lacking = judged("md0 : active raid1 sdb1[1](F) sda1[0]", "      1 blocks [2/1] [U_]")
    assert [one.signal for one in lacking] == ["raid.array"]
    assert about(lacking, "raid.array").evidence["failed"] == "sdb1"


def test_a_kernel_without_arrays_says_nothing_and_one_without_the_driver_is_not_asked(tree):
    assert not list(mdstat.read(tree.host()))
    tree.write("/proc/mdstat", "Personalities : \n" + TAIL)
    assert not list(mdstat.read(tree.host()))


def test_the_facts_name_the_arrays_and_those_that_are_not_clean():
    found = mdstat.parse(
        (
            HEAD
            + "md0 : active raid1 sdb1[1](F) sda1[0]\n   1 blocks [2/1] [U_]\nmd1 : active raid0 sdc[0]\n"
        ).encode()
    )
    facts = mdstat.facts(found)
    assert (facts["arrays"], facts["not_clean"]) == ({"md0": "U_", "md1": "active"}, ["md0"])


def test_sysfs_tells_the_same(tree):
    for name, state, degraded in (
        ("md1", "clean", "0"),
        ("md5", "active", "1"),
        ("md7", "inactive", ""),
        ("md8", "inactive", ""),
    ):
        tree.write(f"/sys/block/{name}/md/array_state", f"{state}\n")
        tree.write(f"/sys/block/{name}/md/level", "container\n" if name == "md8" else "raid5\n")
        if degraded:
            tree.write(f"/sys/block/{name}/md/degraded", f"{degraded}\n")
    host = tree.host()
    found = md_array.gather(host)
    assert found is not None
    assert md_array.facts(found)["sys/block/md5/md/degraded"] == "1"
    reasons = {one.subject: one.reason for one in md_array.judge(found, host)}
    assert reasons == {
        "array:box/md1": Reason.OK,
        "array:box/md5": Reason.DEGRADED,
        "array:box/md7": Reason.STOPPED,
        "array:box/md8": Reason.OK,
    }


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text):
    try:
        found = mdstat.parse((HEAD + text).encode())
    except ValueError:
        return
    list(mdstat.judge(found, Host("box")))


DETAIL = """/dev/md0:
           Version : 1.2
        Raid Level : raid1
      Raid Devices : 2
             State : clean{more}
    Active Devices : {active}
   Working Devices : {active}

    Number   Major   Minor   RaidDevice State
       0       8        1        0      active sync   /dev/sda1
       -       0        0        1      {place}
"""


@pytest.mark.parametrize(
    ("more", "active", "place", "reason"),
    [
        ("", 2, "active sync   /dev/sdb1", Reason.OK),
        (", degraded", 1, "removed", Reason.DEGRADED),
        (", degraded, recovering", 1, "spare rebuilding   /dev/sdb1", Reason.DEGRADED),
        (", FAILED", 0, "removed", Reason.STOPPED),
    ],
)
def test_mdadm_tells_the_same_of_one_array(more, active, place, reason):
    found = mdadm.parse(DETAIL.format(more=more, active=active, place=place).encode())
    assert about(mdadm.judge(found, Host("box")), "raid.array", "/md0").reason is reason


def test_mdadm_of_old_does_not_indent_every_line():
    text = DETAIL.format(more=", degraded", active=1, place="removed").replace("   Working", "Working")
    assert about(mdadm.judge(mdadm.parse(text.encode()), Host("box")), "raid.array").reason is Reason.DEGRADED


def test_mdadm_tells_a_failed_disk_by_itself_once_a_spare_stands_in():
    text = DETAIL.format(more="", active=2, place="active sync   /dev/sdb1")
    text += "       2       8       49        -      faulty   /dev/sdc1\n"
    judgements = list(mdadm.judge(mdadm.parse(text.encode()), Host("box")))
    assert about(judgements, "raid.array").reason is Reason.OK
    assert about(judgements, "raid.disk").subject == "disk:box/sdc"


@pytest.mark.parametrize(
    ("state", "reason"), [("active sync   /dev/sdb1", Reason.OK), ("removed", Reason.DEGRADED)]
)
def test_the_places_of_an_array_tell_of_it_where_nothing_else_is_told(state, reason):
    text = "/dev/md9:\n    Number   Major   Minor   RaidDevice State\n"
    text += "       0       8        1        0      active sync   /dev/sda1\n"
    text += f"       1       8       17        1      {state}\n"
    assert about(mdadm.judge(mdadm.parse(text.encode()), Host("box")), "raid.array", "/md9").reason is reason


@pytest.mark.parametrize(("seen", "reason"), [("AA", Reason.OK), ("A.", Reason.DEGRADED)])
def test_the_label_of_a_member_knows_whom_it_misses(seen, reason):
    text = "/dev/sda1:\n          Magic : a92b4efc\n           Name : box:0  (local to host box)\n"
    text += f"   Raid Devices : 2\n   Array State : {seen} ('A' == active, '.' == missing)\n"
    assert about(mdadm.judge(mdadm.parse(text.encode()), Host("box")), "raid.array", "/md0").reason is reason


def test_an_array_is_read_where_a_page_ran_its_lines_together():
    told = mdstat.parse(
        b"    Personalities: [raid1]\n    md0: active raid1 sdb1[2](F) sda1[0]\n      9 blocks [2/1] [U_]\n"
        b"    md1 : active raid1 sdb2[2] sda2[0]      9 blocks [2/1] [U_] resync=DELAYED\n"
    )
    assert mdstat.facts(told)["not_clean"] == ["md0", "md1"]
    assert (told[1].work, told[0].failed) == ("resync", ["sdb1"])
