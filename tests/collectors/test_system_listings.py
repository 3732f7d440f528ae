"""What ps, chronyc, ntpq and systemctl print."""

from __future__ import annotations

import pytest

from collectors.hardware import device_listing
from collectors.host import Host
from collectors.services import timers, unit_listing
from collectors.system import boot_listing, ntp_sources, ps_listing, time_listing
from tests.collectors.conftest import about
from wire.judgement import Reason

BOX = Host("box", "/dev/null")
CHRONY = """MS Name/IP address         Stratum Poll Reach LastRx Last sample
===============================================================================
^{one} 10.0.0.1                      2   6   {reach}    33    -91us[ -128us] +/-   30ms
^? 10.0.0.2                      0   6     0     -     +0ns[   +0ns] +/-    0ns
"""
CHRONY_CSV = "^,{one},10.0.0.1,2,6,{reach},35,-0.000012,-0.000020,0.015\n"
NTPQ = """     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
{one}10.0.0.1        10.1.1.1         2 u  225  256  {reach}    0.464    0.149   0.019
 LOCAL(0)        .LOCL.          10 l    5   64  377    0.000    0.000   0.000
"""


def sources(text: str):
    return about(ntp_sources.judge(time_listing.parse(text.encode()), BOX), "time.sources")


@pytest.mark.parametrize(("form", "one"), [(CHRONY, "*"), (CHRONY_CSV, "*"), (NTPQ, "*")])
def test_one_source_that_answers_is_enough(form, one):
    judgement = sources(form.format(one=one, reach="377"))
    assert (judgement.reason, judgement.evidence["selected"]) == (Reason.OK, "10.0.0.1")


@pytest.mark.parametrize(("form", "one"), [(CHRONY, "?"), (CHRONY_CSV, "?"), (NTPQ, " ")])
def test_sources_of_which_none_answers_are_unreachable(form, one):
    assert sources(form.format(one=one, reach="0")).reason is Reason.UNREACHABLE


@pytest.mark.parametrize(("form", "one"), [(CHRONY, "x"), (NTPQ, "x")])
def test_sources_of_which_none_is_believed_synchronise_nothing(form, one):
    assert sources(form.format(one=one, reach="377")).reason is Reason.UNSYNCHRONISED


def test_chronys_tracking_tells_how_far_the_clock_is_behind():
    told = time_listing.parse(
        b"Reference ID    : 0A000001 (10.0.0.1)\nStratum         : 3\n"
        b"System time     : 0.250000000 seconds slow of NTP time\nLeap status     : Not synchronised\n"
    )
    assert (told.offset, told.synchronised) == (0.25, False)


@pytest.mark.parametrize(("leap", "synchronised"), [("Normal", True), ("Not synchronised", False)])
def test_chronys_tracking_is_read_parted_by_commas(leap, synchronised):
    numbers = ",".join(["0.5"] * 10)
    told = time_listing.parse(f"0A000001,10.0.0.1,3,{numbers},{leap}\n".encode())
    assert told.synchronised is synchronised


@pytest.mark.parametrize(("word", "reason"), [("yes", Reason.OK), ("no", Reason.UNSYNCHRONISED)])
def test_timedatectl_tells_whether_the_clock_follows_a_source(word, reason):
    text = f"               Local time: Mon 2026-01-05 10:00:00 UTC\nSystem clock synchronized: {word}\n"
    assert sources(text).reason is reason


def test_a_parent_that_reaps_none_of_its_children_is_named():
    rows = "  900     1 S    /usr/bin/spawner --all\n"
    rows += "".join(f" {1000 + at}   900 Z    [worker] <defunct>\n" for at in range(25))
    listing = ps_listing.parse(f"  PID  PPID STAT COMMAND\n{rows}".encode())
    judgement = about(ps_listing.judge(listing, BOX), "process.zombies")
    assert (judgement.subject, judgement.value) == ("process:box/spawner", 25)


@pytest.mark.parametrize(("count", "found"), [(1, 0), (4, 1)])
def test_several_processes_in_uninterruptible_sleep_hang_one_may_be_chance(count, found):
    head = "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\n"
    rows = "".join(f"root {at} 0.0 0.0 1 1 ? Ds 10:00 0:00 /usr/bin/rsync -a\n" for at in range(count))
    rows += "root 77 0.0 0.0 0 0 ? D 10:00 0:00 [kworker/0:1]\n"
    assert len(list(ps_listing.judge(ps_listing.parse((head + rows).encode()), BOX))) == found


def test_failed_units_are_found_in_every_form_of_the_list():
    for text in (
        "  UNIT LOAD ACTIVE SUB DESCRIPTION\n● nginx.service loaded failed failed A web server\n",
        "nginx.service loaded failed failed A web server\ncron.service loaded active running Cron\n",
        "* nginx.service  loaded failed failed A web server\n\n1 loaded units listed.\n",
    ):
        units = unit_listing.parse(text.encode())
        assert unit_listing.facts(units)["failed_units"] == ["nginx.service"]
        judgement = about(unit_listing.judge(units, BOX), "svc.process")
        assert (judgement.subject, judgement.reason) == ("service:box/nginx", Reason.STOPPED)


def test_a_mount_unit_that_failed_is_a_missing_mount():
    units = unit_listing.parse(b"srv-my\\x2ddata.mount loaded failed failed /srv/my-data\n")
    assert about(unit_listing.judge(units, BOX), "fs.mount").subject == "mount:box:/srv/my-data"


def test_unit_files_say_nothing_of_failure():
    units = unit_listing.parse(b"UNIT FILE STATE PRESET\nkdump.service enabled enabled\nx.timer masked -\n")
    assert unit_listing.facts(units)["unit_files"] == {"kdump.service": "enabled", "x.timer": "masked"}
    assert list(unit_listing.judge(units, BOX)) == []


LAST = """root     pts/0        10.0.0.9         Mon Jan  5 10:00   still logged in
reboot   system boot  6.1.0-18-amd64   Mon Jan  5 09:50   still running
{between}root     pts/0        10.0.0.9         Sun Jan  4 10:00 - crash  (23:50)
reboot   system boot  6.1.0-18-amd64   Sun Jan  4 09:00 - 09:49 (1+00:49)

wtmp begins Sun Jan  4 09:00:00 2026
"""


@pytest.mark.parametrize(
    ("between", "reason"),
    [
        ("", Reason.REBOOTED),
        ("shutdown system down  6.1.0-18-amd64   Mon Jan  5 09:49 - 09:50  (00:01)\n", Reason.OK),
        ("runlevel (to lvl 6)   6.1.0-18-amd64   Mon Jan  5 09:49 - 09:50  (00:01)\n", Reason.OK),
    ],
)
def test_a_boot_that_no_shutdown_led_to_was_not_meant(between, reason):
    boots = boot_listing.parse(LAST.format(between=between).encode())
    assert about(boot_listing.judge(boots, BOX), "host.boot").reason is reason


def test_of_the_oldest_boot_nothing_is_known():
    boots = boot_listing.parse(b"reboot   system boot  6.1.0   Mon Jan  5 09:50   still running\n")
    assert list(boot_listing.judge(boots, BOX)) == []


@pytest.mark.parametrize(("state", "failed"), [("failed (Result: exit-code)", 1), ("active (running)", 0)])
def test_the_status_of_a_unit_tells_whether_it_failed(state, failed):
    text = f"● shop.service - The shop\n     Loaded: loaded (/etc/x)\n     Active: {state} since Mon\n"
    assert len(list(unit_listing.judge(unit_listing.parse(text.encode()), BOX))) == failed


def test_a_failed_service_is_found_in_what_systemctl_show_prints():
    blocks = timers.parse(b"Id=shop.service\nActiveState=failed\nResult=exit-code\n")
    assert about(timers.judge(blocks, BOX), "svc.process").subject == "service:box/shop"


@pytest.mark.parametrize(("revision", "reasons"), [("ff", [Reason.ERRORS]), ("21", [])])
def test_a_device_that_left_the_bus_shows_a_revision_of_ones(revision, reasons):
    text = f"3b:00.0 Ethernet controller: Intel Corporation X710 (rev {revision})\n"
    devices = device_listing.parse_pci(text.encode())
    assert [one.reason for one in device_listing.judge_pci(devices, BOX)] == reasons


def test_a_listing_without_shutdowns_does_not_tell_how_a_boot_came():
    text = "reboot   system boot  6.1.0   Mon Jan  5 09:50   still running\n"
    text += "root     pts/0        10.0.0.9         Sun Jan  4 10:00 - 11:00  (01:00)\n"
    text += "reboot   system boot  6.1.0   Sun Jan  4 09:00 - 09:49 (1+00:49)\n"
    assert list(boot_listing.judge(boot_listing.parse(text.encode()), BOX)) == []


def test_a_failed_unit_is_marked_with_an_x_where_the_terminal_is_plain():
    text = "x data.mount - Data\n     Loaded: loaded\n     Active: failed (Result: exit-code)\n"
    assert unit_listing.facts(unit_listing.parse(text.encode()))["failed_units"] == ["data.mount"]


@pytest.mark.parametrize("form", [CHRONY, NTPQ])
def test_sources_are_read_from_a_listing_that_was_indented(form):
    text = "".join(f"    {line}\n" for line in form.format(one="*", reach="377").splitlines())
    assert sources(text).reason is Reason.OK
