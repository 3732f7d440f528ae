"""A disk's self test that failed stands until one that reads as much has passed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collectors.host import Host
from collectors.storage.smart_json import parse_json
from collectors.storage.smart_judge import judge
from collectors.storage.smart_text import parse_text
from tests.collectors.conftest import about
from wire.judgement import Reason

HEALTH = "disk.smart"
SHORT, LONG = "Short offline", "Extended offline"
FINE, BAD = "Completed without error", "Completed: read failure"
CASES = pytest.mark.parametrize(
    ("tests", "reason"),
    [
        ([(SHORT, FINE), (LONG, BAD)], Reason.ERRORS),
        ([(LONG, FINE), (LONG, BAD)], Reason.OK),
        ([(LONG, FINE), (SHORT, BAD)], Reason.OK),
        ([(SHORT, FINE), (SHORT, BAD)], Reason.OK),
        ([(SHORT, BAD), (LONG, FINE)], Reason.ERRORS),
        ([(SHORT, FINE), (LONG, FINE), (LONG, BAD)], Reason.OK),
    ],
)


def told(**more: Any) -> Reason:
    body = {"device": {"name": "/dev/sda"}, "smart_status": {"passed": True}}
    return about(judge(parse_json(msgspec.json.encode(body | more)), Host("box")), HEALTH).reason


@CASES
def test_a_short_test_does_not_clear_what_a_thorough_one_found(tests, reason):
    rows = [
        {"type": {"string": kind}, "status": {"value": 0x79 if how == BAD else 0, "string": how}}
        for kind, how in tests
    ]
    assert told(ata_smart_self_test_log={"standard": {"table": rows}}) is reason


@CASES
def test_the_log_for_people_is_heard_alike(tests, reason):
    rows = (
        f"#{n:>2}  {kind}    {how}       00%      4711         -\n" for n, (kind, how) in enumerate(tests, 1)
    )
    text = "SMART overall-health self-assessment test result: PASSED\n" + "".join(rows)
    assert about(judge(parse_text(text.encode()), Host("box")), HEALTH).reason is reason


@CASES
def test_a_scsi_disk_is_heard_alike(tests, reason):
    names = {SHORT: "Background short", LONG: "Background long"}
    rows = {
        f"scsi_self_test_{n}": {
            "code": {"string": names[kind]},
            "result": {"value": 7 if how == BAD else 0, "string": "Failed in segment -->"},
        }
        for n, (kind, how) in enumerate(tests)
    }
    assert told(**rows) is reason


@CASES
def test_an_nvme_disk_is_heard_alike(tests, reason):
    rows = [
        {
            "self_test_code": {"string": kind.split()[0]},
            "self_test_result": {"value": 7 if how == BAD else 0, "string": how},
        }
        for kind, how in tests
    ]
    assert told(nvme_self_test_log={"table": rows}) is reason
