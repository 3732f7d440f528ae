"""File systems, from what df prints of them."""

from __future__ import annotations

import pytest

from collectors.host import Host
from collectors.storage import df
from tests.collectors.conftest import about
from wire.judgement import Reason

SPACE = "Filesystem     1024-blocks      Used Available Capacity Mounted on\n"
INODES = "Filesystem       Inodes  IUsed    IFree IUse% Mounted on\n"


def judged(text: str):
    return list(df.judge(df.parse(text.encode()), Host("box", "/dev/null")))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("/dev/sda1 41152812 12345678 28807134 31% /", Reason.OK),
        ("/dev/sda1 41152812 39700000 1452812 97% /", Reason.HIGH),
        ("/dev/sda1 41152812 41152812 0 100% /", Reason.FULL),
        ("/dev/sda1 9999999999 9200000000 799999999 93% /", Reason.HIGH),
    ],
)
def test_space_is_judged_by_share_and_amount(row, reason):
    assert about(judged(SPACE + row), "fs.space", "fs:box:/").reason is reason


def test_inodes_that_run_out_are_seen():
    assert (
        about(judged(INODES + "/dev/sda1 655360 655350 10 100% /var"), "fs.inodes").reason is Reason.EXHAUSTED
    )


def test_images_and_pseudo_file_systems_are_full_by_nature():
    rows = "proc 0 0 0 - /proc\n/dev/sr0 700000 700000 0 100% /media/cd\n"
    rows += "/dev/loop3 65536 65536 0 100% /snap/core/1\n"
    assert judged(SPACE + rows) == []


def test_a_long_device_name_breaks_its_line():
    told = df.parse(
        f"{SPACE}/dev/mapper/a-very-long-name\n   41152812 12345678 28807134 31% /data\n".encode()
    )
    assert df.facts(told)["use_pct"] == {"/data": 31}


@pytest.mark.parametrize(
    ("header", "block"),
    [
        ("1K-blocks", 1024),
        ("2MB-blocks", 2_000_000),
        ("1M-blocks", 2**20),
        ("512-blocks", 512),
        ("1a-blocks", 0),
    ],
)
def test_the_unit_is_in_the_header(header, block):
    assert df.parse(f"Filesystem {header} Used Available Use% Mounted on\n".encode()).block == block


def test_what_is_nearly_full_is_told_apart():
    told = df.parse((SPACE + "/dev/sdb1 100 91 9 91% /a\n/dev/sdb2 100 90 10 90% /b\n").encode())
    assert df.facts(told)["over90"] == {"/a": 91}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("/dev/sda1        50G   20G   30G  40% /", Reason.OK),
        ("/dev/sda1       1.8T  1.7T   55G  97% /", Reason.HIGH),
        ("/dev/sda1        50G   50G     0 100% /", Reason.FULL),
    ],
)
def test_sizes_with_a_letter_are_read_as_people_ask_for_them(row, reason):
    judgements = judged(f"Filesystem      Size  Used Avail Use% Mounted on\n{row}\n")
    assert about(judgements, "fs.space", "fs:box:/").reason is reason


@pytest.mark.parametrize(
    ("header", "row", "size", "percent"),
    [
        ("Dateisystem Größe Benutzt Verf. Verw% Eingehängt auf", "/dev/a 30G 1,5G 27G 6% /", 30 * 2**30, 6),
        ("Sys. 1K-blocs Utilisé Dispo Uti% Monté sur", "/dev/a 2000 500 1500 25% /", 2000 * 1024, 25),
        ("文件系统         1K-块   已用   可用 已用% 挂载点", "/dev/a 4000 1000 3000 25% /", 4000 * 1024, 25),
        ("Filesystem  512-blocks Used Available Capacity iused ifree %iused  Mounted on",
         "/dev/disk1s1 8000 2000 6000 25% 9 91 9% /", 8000 * 512, 25),
        ("Filesystem      Size   Used  Avail Capacity iused ifree %iused  Mounted on",
         "/dev/disk1s1   466Gi   10Gi  440Gi     3%    9   91    9%   /", 466 * 2**30, 3),
    ],
)  # fmt: skip
def test_df_is_read_in_any_language_and_of_any_system(header, row, size, percent):
    told = df.parse(f"    {header}\n    {row}\n".encode())
    assert not told.inodes
    assert [(one.size * told.block, one.percent) for one in told.rows] == [(size, percent)]


def test_inodes_are_told_by_their_name_in_other_languages_too():
    assert df.parse(
        "Sys. de fichiers Inœuds IUtil. ILibre IUti% Monté sur\n/dev/sda1 9 3 6 34% /\n".encode()
    ).inodes
