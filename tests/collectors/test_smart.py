"""Disks are judged by what they counted, not by the verdict that they give themselves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host import Host
from collectors.storage import smart
from collectors.storage.smart_facts import Smart, facts_of
from collectors.storage.smart_json import parse_json
from collectors.storage.smart_judge import judge
from collectors.storage.smart_text import parse_text
from tests.collectors.conftest import about
from wire.judgement import Reason, Verdict

HEALTH = "disk.smart"


def report(*rows: tuple[int, str, int], **more: Any) -> bytes:
    table = [
        {"id": i, "name": name, "value": 100, "worst": 100, "thresh": 10, "when_failed": "",
         "flags": {"prefailure": True}, "raw": {"value": raw, "string": str(raw)}}
        for i, name, raw in rows
    ]  # fmt: skip
    body = {
        "smartctl": {"version": [7, 3], "exit_status": 0},
        "device": {"name": "/dev/sda", "info_name": "/dev/sda [SAT]", "protocol": "ATA"},
        "model_name": "ST4000NM0035",
        "serial_number": "ZC1",
        "smart_status": {"passed": True},
        "rotation_rate": 7200,
        "ata_smart_attributes": {"table": table},
    }
    return msgspec.json.encode(body | more)


def verdict(raw: bytes, host: Host | None = None) -> Reason:
    return about(judge(parse_json(raw), host or Host("box")), HEALTH).reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((197, "Current_Pending_Sector", 8), Reason.ERRORS),
        ((198, "Offline_Uncorrectable", 1), Reason.ERRORS),
        ((5, "Reallocated_Sector_Ct", 12), Reason.HIGH),
        ((5, "Reallocated_Sector_Ct", 4000), Reason.ERRORS),
        ((187, "Reported_Uncorrect", 3), Reason.HIGH),
    ],
)
def test_a_disk_that_calls_itself_passed_is_judged_by_what_it_counts(row, reason):
    assert verdict(report(row)) is reason


@pytest.mark.parametrize(
    "row",
    [
        (1, "Raw_Read_Error_Rate", 228_143_448),
        (7, "Seek_Error_Rate", 88_070_120_123),
        (195, "Hardware_ECC_Recovered", 228_143_448),
        (9, "Power_On_Hours", 174_457_831_567_413),
        (194, "Temperature_Celsius", 77_309_411_363),
        (190, "Airflow_Temperature_Cel", 471_859_235),
        (188, "Command_Timeout", 4_295_032_833),
        (199, "UDMA_CRC_Error_Count", 24),
        (5, "Reallocated_Sector_Ct", 0),
    ],
)
def test_what_vendors_pack_into_raw_values_and_what_never_clears_is_no_alarm(row):
    assert verdict(report(row)) is Reason.OK


def test_a_reallocated_count_that_grows_means_a_failing_disk_and_stops_meaning_it_in_two_days(tree):
    host = tree.host()
    assert verdict(report((5, "Reallocated_Sector_Ct", 8)), host) is Reason.HIGH
    tree.clock.pass_by(3600)
    assert verdict(report((5, "Reallocated_Sector_Ct", 16)), host) is Reason.ERRORS
    for _ in range(3):
        tree.clock.pass_by(86_400)
        reason = verdict(report((5, "Reallocated_Sector_Ct", 16)), host)
    assert reason is Reason.HIGH


def test_errors_on_the_cable_count_only_while_they_grow(tree):
    host = tree.host()
    assert verdict(report((199, "UDMA_CRC_Error_Count", 900)), host) is Reason.OK
    assert verdict(report((199, "UDMA_CRC_Error_Count", 950)), host) is Reason.HIGH


def test_the_last_finished_self_test_counts_and_an_aborted_one_does_not():
    def log(*values: int) -> dict[str, Any]:
        rows = [{"status": {"value": value, "string": "read failure"}} for value in values]
        return {"ata_smart_self_test_log": {"extended": {"table": rows}}}

    assert verdict(report(**log(0x79))) is Reason.ERRORS
    assert verdict(report(**log(0x10, 0x79))) is Reason.ERRORS
    assert verdict(report(**log(0x00, 0x79))) is Reason.OK


@pytest.mark.parametrize(
    ("hours", "reason"), [(30_100, Reason.ERRORS), (45_000, Reason.OK), (95_600, Reason.ERRORS)]
)
def test_a_self_test_that_failed_years_ago_says_nothing_of_today(hours, reason):
    row = {"status": {"value": 0x79, "string": "read failure"}, "lifetime_hours": 30_000}
    log = {"ata_smart_self_test_log": {"extended": {"table": [row]}}}
    assert verdict(report(power_on_time={"hours": hours}, **log)) is reason


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ({"critical_warning": 0, "media_errors": 0, "num_err_log_entries": 3}, Reason.OK),
        ({"critical_warning": 4}, Reason.ERRORS),
        ({"critical_warning": 1}, Reason.EXHAUSTED),
        ({"media_errors": 2}, Reason.HIGH),
        ({"available_spare": 5, "available_spare_threshold": 10}, Reason.EXHAUSTED),
        ({"available_spare": 100, "available_spare_threshold": 0}, Reason.OK),
        ({"percentage_used": 101}, Reason.EXHAUSTED),
    ],
)  # fmt: skip
def test_an_nvme_disk_is_judged_by_its_health_log(log, reason):
    raw = msgspec.json.encode(
        {
            "device": {"name": "/dev/nvme0", "protocol": "NVMe"},
            "smart_status": {"passed": True},
            "nvme_smart_health_information_log": log,
        }
    )
    judged = about(judge(parse_json(raw), Host("box")), HEALTH)
    assert (judged.subject, judged.reason) == ("disk:box/nvme0n1", reason)


def test_disks_behind_a_raid_card_are_told_apart():
    def subject(kind: str) -> str:
        body = report(
            device={"name": "/dev/bus/0", "info_name": "/dev/bus/0 [megaraid_disk_08]", "type": kind}
        )
        return about(judge(parse_json(body), Host("box")), HEALTH).subject

    assert subject("sat+megaraid,8") == "disk:box/bus/0:megaraid,8"
    assert subject("megaraid,9") == "disk:box/bus/0:megaraid,9"


def test_a_scsi_disk_is_judged_by_its_grown_defects():
    raw = msgspec.json.encode(
        {
            "device": {
                "name": "/dev/bus/0",
                "info_name": "/dev/bus/0 [megaraid_disk_11]",
                "protocol": "SCSI",
            },
            "smartctl": {"exit_status": 0},
            "scsi_grown_defect_list": 4,
        }
    )
    assert verdict(raw) is Reason.HIGH


@pytest.mark.parametrize(("degrees", "reason"), [(46, Reason.OK), (61, Reason.HIGH), (70, Reason.CRITICAL)])
def test_a_spinning_disk_may_be_warm_but_not_hot(degrees, reason):
    judgements = judge(parse_json(report(temperature={"current": degrees})), Host("box"))
    assert about(judgements, "disk.temperature").reason is reason


TEXT = b"""smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0] (local build)
=== START OF INFORMATION SECTION ===
Device Model:     WDC WD40EFRX-68N32N0
Serial Number:    WD-WCC7K0
Rotation Rate:    5400 rpm
=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: PASSED
ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE
  5 Reallocated_Sector_Ct   0x0033   200   200   140    Pre-fail  Always       -       0
  9 Power_On_Hours          0x0032   061   061   000    Old_age   Always       -       28912 (13 200 0)
194 Temperature_Celsius     0x0022   117   103   000    Old_age   Always       -       33 (Min/Max 18/46)
197 Current_Pending_Sector  0x0032   200   200   000    Old_age   Always       -       3
SMART Self-test log structure revision number 1
Num  Test_Description    Status                  Remaining  LifeTime(hours)  LBA_of_first_error
# 1  Short offline       Completed without error       00%     28900         -
# 2  Extended offline    Completed: read failure       90%     27000         1234
"""


def test_the_text_for_people_is_read_like_the_json():
    facts = facts_of(parse_text(TEXT))
    assert facts["passed"] is True
    assert (facts["model"], facts["temp"], facts["power_on_hours"]) == ("WDC WD40EFRX-68N32N0", 33, 28912)
    assert facts["Current_Pending_Sector"] == 3
    assert about(judge(parse_text(TEXT), Host("box")), HEALTH).reason is Reason.ERRORS


def test_the_brief_table_and_the_scsi_and_nvme_forms_are_read_too():
    brief = b"ID# ATTRIBUTE_NAME\n  5 Reallocated_Sector_Ct   PO--CK   100   100   036    -    304\n"
    assert facts_of(parse_text(brief))["Reallocated_Sector_Ct"] == 304
    scsi = (
        b"SMART Health Status: FAILURE PREDICTION THRESHOLD EXCEEDED [asc=5d, ascq=0]\n"
        b"Elements in grown defect list: 17\nCurrent Drive Temperature:     34 C\n"
        b"read:   4161534        0         0   4161534          0     111593.179           2\n"
    )
    told = facts_of(parse_text(scsi))
    assert (told["passed"], told["scsi_grown_defects"], told["scsi_uncorrected_errors"]) == (False, 17, 2)
    nvme = b"SMART/Health Information (NVMe Log 0x02)\nCritical Warning:    0x04\nAvailable Spare:    97%\n"
    told = facts_of(parse_text(nvme))
    assert (told["nvme_critical_warning"], told["nvme_available_spare"]) == (4, 97)


def test_a_disk_that_may_not_be_opened_is_unknown_and_one_that_sleeps_is_left_alone():
    def closed(words: str) -> bytes:
        return msgspec.json.encode(
            {"smartctl": {"exit_status": 2, "messages": [{"string": words}]}, "device": {"name": "/dev/sda"}}
        )

    (judged,) = judge(
        parse_json(closed("Smartctl open device: /dev/sda failed: Permission denied")), Host("box")
    )
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)
    assert not list(judge(parse_json(closed("Device is in STANDBY mode, exit(2)")), Host("box")))


def test_a_machine_without_disks_of_its_own_asks_no_tool(tree):
    tree.write("/sys/block/vda/size", "0")
    assert not list(smart.read(tree.host()))


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_bytes_break_the_parsers(raw):
    for parse in (parse_json, parse_text):
        try:
            found = parse(raw)
        except ValueError:
            continue
        assert isinstance(found, Smart)
        assert list(judge(found, Host("box")))


SCSI = b"""Vendor:               SEAGATE
Product:              ST4000NM0043
SMART Health Status: OK
Accumulated power on time, hours:minutes 55120:47
Elements in grown defect list: 0
read:          0      941       941       941       1090      47812,883           3
"""


def test_a_scsi_disk_is_called_by_its_maker_and_tells_its_age():
    told = facts_of(parse_text(SCSI))
    assert (told["model"], told["power_on_hours"]) == ("SEAGATE ST4000NM0043", 55120)
    assert told["scsi_uncorrected_errors"] == 3


def test_the_log_of_self_tests_alone_tells_of_a_failing_disk():
    text = b"SMART Self-test log structure revision number 1\n"
    text += b"# 1  Short offline       Completed: read failure       20%     30351         4409\n"
    assert about(judge(parse_text(text), Host("box")), HEALTH).reason is Reason.ERRORS


@pytest.mark.parametrize(("used", "reason"), [(12, Reason.OK), (93, Reason.HIGH), (100, Reason.EXHAUSTED)])
def test_the_wear_of_a_solid_disk_is_found_among_its_device_statistics(used, reason):
    row = {"name": "Percentage Used Endurance Indicator", "value": used, "flags": {"valid": True}}
    pages = [{"number": 7, "name": "Solid State Device Statistics", "table": [row]}]
    assert verdict(report(rotation_rate=0, ata_device_statistics={"pages": pages})) is reason
    text = f"SMART Health Status: OK\n0x07  0x008  1 {used:>15}  N--  Percentage Used Endurance Indicator\n"
    assert about(judge(parse_text(text.encode()), Host("box")), HEALTH).reason is reason


def test_what_every_disk_should_tell_is_null_where_this_one_does_not():
    told = facts_of(Smart(model="X"))
    assert {name: told[name] for name in ("model", "passed", "temp", "power_on_hours")} == {
        "model": "X",
        "passed": None,
        "temp": None,
        "power_on_hours": None,
    }
