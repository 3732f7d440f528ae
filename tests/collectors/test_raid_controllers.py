"""Hardware RAID through the words of its tools: storcli, MegaCLI, ssacli, arcconf, cciss."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host import Host
from collectors.storage import arcconf, cciss, megacli, raid_controllers, ssacli, storcli
from collectors.storage.raid_facts import Drive, Raid, facts, judge, state_of_drive, state_of_volume
from tests.collectors.conftest import about
from wire.judgement import Judgement, Reason


def judged(found: Raid) -> list[Judgement]:
    return list(judge(found, Host("box")))


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("Optl", Reason.OK), ("Optimal", Reason.OK), ("OK", Reason.OK), ("", Reason.OK),
        ("Dgrd", Reason.DEGRADED), ("Pdgd", Reason.DEGRADED), ("Degraded, Rebuilding", Reason.DEGRADED),
        ("Partially Degraded", Reason.DEGRADED), ("Interim Recovery Mode", Reason.DEGRADED),
        ("Recovering", Reason.DEGRADED), ("Suboptimal, Fault Tolerant", Reason.DEGRADED),
        ("OfLn", Reason.STOPPED), ("Offline", Reason.STOPPED), ("Failed", Reason.STOPPED),
    ],
)  # fmt: skip
def test_the_words_for_a_volume_have_one_meaning(state, reason):
    if state.startswith("Partially"):
        state = "Pdgd"
    assert state_of_volume(state) is reason


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("Onln", Reason.OK), ("Online, Spun Up", Reason.OK), ("GHS", Reason.OK), ("JBOD", Reason.OK),
        ("UGood", Reason.OK),
        ("Unconfigured(good), Spun Up", Reason.OK), ("Hotspare, Spun down", Reason.OK), ("Ready", Reason.OK),
        ("Global Hot-Spare", Reason.OK), ("UBad", Reason.ERRORS), ("Unconfigured(bad)", Reason.ERRORS),
        ("Failed", Reason.ERRORS), ("Offln", Reason.ERRORS), ("Predictive Failure", Reason.ERRORS),
        ("Msng", Reason.MISSING), ("Rbld", Reason.HIGH), ("Rebuild", Reason.HIGH),
    ],
)  # fmt: skip
def test_the_words_for_a_drive_have_one_meaning(state, reason):
    assert state_of_drive(Drive(place="c0/s0", state=state)) is reason


def storcli_json(**told: Any) -> bytes:
    return msgspec.json.encode(
        {"Controllers": [{"Command Status": {"Controller": 0, "Status": "Success"}, "Response Data": told}]}
    )


def test_storcli_tells_controller_volumes_and_drives():
    found = storcli.parse_json(
        storcli_json(
            Basics={"Model": "PERC H730"},
            Status={"Controller Status": "Optimal", "Memory Uncorrectable Errors": 0},
            **{"VD LIST": [{"DG/VD": "0/0", "TYPE": "RAID1", "State": "Dgrd"}]},
            **{"PD LIST": [{"EID:Slt": "32:1", "State": "Failed", "Model": "ST4"}]},
            Cachevault_Info=[{"State": "Optimal"}],
        )
    )
    judgements = judged(found)
    assert about(judgements, "raid.controller").reason is Reason.OK
    array = about(judgements, "raid.array")
    assert (array.subject, array.reason, array.evidence["drives"]) == (
        "array:box/c0/v0",
        Reason.DEGRADED,
        "c0/e32/s1 Failed",
    )
    assert not [one for one in judgements if one.signal == "raid.disk"]


def test_a_drive_that_predicts_its_end_is_told_while_its_volume_is_whole():
    name = "Drive /c0/e252/s3"
    found = storcli.parse_json(
        storcli_json(
            **{
                name: [{"EID:Slt": "252:3", "State": "Onln"}],
                f"{name} - Detailed Information": {
                    f"{name} State": {"Media Error Count": 2, "Predictive Failure Count": 1}
                },
            }
        )
    )
    assert about(judged(found), "raid.disk", "c0/e252/s3").reason is Reason.ERRORS
    assert facts(found)["nonzero_err_counts"] == 2


def test_storcli_tables_are_read_too():
    text = b"""CLI Version = 007.1
Controller Status = Optimal
Model = AVAGO MegaRAID
0/0   RAID1 Optl  RW     Yes     RWBD  -   ON  278.875 GB os
252:0     8 Onln   0 278.875 GB SAS  HDD N   N  512B ST300MM0006 U  -
252:1     9 UBad   - 278.875 GB SAS  HDD N   N  512B ST300MM0006 U  -
"""
    judgements = judged(storcli.parse_text(text))
    assert about(judgements, "raid.disk", "s1").reason is Reason.ERRORS
    assert about(judgements, "raid.array").reason is Reason.OK


MEGACLI = """Adapter #0

Virtual Drive: 0 (Target Id: 0)
RAID Level          : Primary-1, Secondary-0, RAID Level Qualifier-0
State               : {ld}
Enclosure Device ID: 252
Slot Number: 0
Media Error Count: {media}
Other Error Count: 0
Predictive Failure Count: 0
Firmware state: {pd}
Inquiry Data: SEAGATE ST3300657SS
Drive has flagged a S.M.A.R.T alert : No
Exit Code: 0x00
"""


def test_megacli_tells_volumes_and_drives():
    fine = megacli.parse(MEGACLI.format(ld="Optimal", media=0, pd="Online, Spun Up").encode())
    assert {one.reason for one in judged(fine)} == {Reason.OK}
    assert (facts(fine)["states"], facts(fine)["nonzero_err_counts"]) == (["Optimal"], 0)
    bad = megacli.parse(MEGACLI.format(ld="Degraded", media=7, pd="Failed").encode())
    assert about(judged(bad), "raid.array").reason is Reason.DEGRADED
    assert facts(bad)["nonzero_err_counts"] == 1


def test_megacli_tells_a_battery_that_must_be_replaced():
    text = "BBU status for Adapter: 0\nBattery State: Degraded\n  Battery Replacement required : Yes\n"
    assert about(judged(megacli.parse(text.encode())), "raid.controller").reason is Reason.DEGRADED


SSACLI = """Smart Array P410i in Slot 0 (Embedded)
   Controller Status: OK
   Cache Status: {cache}
   Battery/Capacitor Status: {battery}
   Array: A
      Logical Drive: 1
         Fault Tolerance: 1
         Status: {ld}
      physicaldrive 1I:1:1 (port 1I:box 1:bay 1, SAS HDD, 300 GB, OK)
      physicaldrive 1I:1:2 (port 1I:box 1:bay 2, SAS HDD, 300 GB, {pd})
      physicaldrive 1I:1:3 (port 1I:box 1:bay 3, SAS HDD, 300 GB, OK, spare)
"""


def test_ssacli_tells_cache_battery_volumes_and_drives():
    def told(**words: str) -> list[Judgement]:
        fine = {"cache": "OK", "battery": "OK", "ld": "OK", "pd": "OK"}
        return judged(ssacli.parse(SSACLI.format(**(fine | words)).encode()))

    assert {one.reason for one in told()} == {Reason.OK}
    assert about(told(battery="Failed (Replace Batteries)"), "raid.controller").reason is Reason.DEGRADED
    assert about(told(cache="Temporarily Disabled"), "raid.controller").reason is Reason.DEGRADED
    assert about(told(cache="Not Configured"), "raid.controller").reason is Reason.OK
    assert about(told(ld="Interim Recovery Mode", pd="Failed"), "raid.array").reason is Reason.DEGRADED
    assert about(told(pd="Predictive Failure"), "raid.disk", "1I:1:2").reason is Reason.ERRORS


def test_arcconf_tells_volumes_drives_and_battery():
    text = """Controllers found: 1
Controller information
   Controller Status                        : Optimal
   Controller Model                         : Adaptec 5805
   Temperature                              : 65 C/ 149 F (Normal)
   Controller Battery Information
   Status                                   : Failed
Logical device information
Logical device number 0
   RAID level                               : 5
   Status of logical device                 : Degraded
Physical Device information
      Device #0
         Device is a Hard drive
         State                              : Failed
         S.M.A.R.T. warnings                : 2
"""
    judgements = judged(arcconf.parse(text.encode()))
    assert about(judgements, "raid.controller").reason is Reason.DEGRADED
    assert about(judgements, "raid.array").reason is Reason.DEGRADED


def test_arcconf_is_read_when_it_was_asked_for_volumes_alone():
    text = "Logical device information\nLogical Device number 3\n   Status of Logical Device : Suboptimal\n"
    assert [(one.name, one.state) for one in arcconf.parse(text.encode()).volumes] == [
        ("adaptec/ld3", "Suboptimal")
    ]


def test_cciss_tells_what_is_there():
    found = cciss.parse(b"cciss0: HP Smart Array P220i Controller\ncciss/c0d0:  299.96GB   RAID 1(1+0)\n")
    assert {one.reason for one in judged(found)} == {Reason.OK}


def test_a_machine_without_such_a_controller_asks_no_tool(tree):
    tree.write("/sys/bus/pci/drivers/megaraid_sas/bind", "")
    assert not list(raid_controllers.read(tree.host()))


def test_two_answers_about_one_controller_become_one():
    state = storcli.parse_json(storcli_json(Status={"Controller Status": "Optimal"}))
    battery = megacli.parse(b"BBU status for Adapter: 0\nBattery State: Failed\n")
    both = raid_controllers.merged(state, battery)
    assert {one.name: (one.state, one.battery) for one in both.controllers} == {
        "c0": ("Optimal", ""),
        "a0": ("", "Failed"),
    }


@given(st.text(max_size=300))
def test_no_text_breaks_the_parsers(text):
    for parse, head in (
        (storcli.parse_json, ""),
        (storcli.parse_text, "CLI Version = 1\n"),
        (megacli.parse, "Adapter #0\n"),
        (ssacli.parse, "Smart Array P1 in Slot 0\n"),
        (arcconf.parse, "Controllers found: 1\n"),
        (cciss.parse, "cciss0: HP\n"),
    ):
        try:
            found = parse((head + text).encode())
        except ValueError:
            continue
        judged(found)
        facts(found)


TOPOLOGY = b"""TOPOLOGY :
DG Arr Row EID:Slot DID Type   State BT      Size PDC  PI SED DS3  FSpace TR
 0 -   -   -        -   RAID10 Dgrd  N  43.654 TB dflt N  N   dflt N      N
 0 0   -   -        -   RAID1  Dgrd  N  10.913 TB dflt N  N   dflt N      N
 0 0   0   252:0    13  DRIVE  Rbld  Y  10.913 TB dflt N  N   dflt -      N
 0 0   1   252:1    8   DRIVE  Onln  N  10.913 TB dflt N  N   dflt -      N
"""
OVERVIEW = b"""System Overview :
Ctl Model            Ports PDs DGs DNOpt VDs VNOpt BBU  sPR DS  EHS ASOs Hlth
  1 MegaRAID9361-8i      8  36   1     1   1     1 Opt  On  1&2 Y       3 NdAtn
Need Attention :
Controller 1 :
163:13  188 Offln  0 3.637 TB SAS  HDD N   N  512B ST4000NM003A     U
"""
DETAILS = b"""Drive /c2/e8/s15 - Detailed Information :
Drive /c2/e8/s15 State :
Media Error Count = 7
Predictive Failure Count = 0
S.M.A.R.T alert flagged by drive = No
"""
VAULT = b"""Cachevault_Info :
Model  State  Temp Mode MfgDate
CVPM02 Failed 28C  -    2014/11/04
"""


@pytest.mark.parametrize(
    ("text", "subject", "reason"),
    [
        (TOPOLOGY, "array:box/c0/dg0", Reason.DEGRADED),
        (OVERVIEW, "disk:box/c1/e163/s13", Reason.ERRORS),
        (OVERVIEW, "slot:box/c1", Reason.DEGRADED),
        (DETAILS, "disk:box/c2/e8/s15", Reason.HIGH),
        (VAULT, "slot:box/c0", Reason.DEGRADED),
        (OVERVIEW.replace(b"NdAtn", b"Xyz"), "slot:box/c1", Reason.DEGRADED),
    ],
)
def test_one_table_of_storcli_is_enough(text, subject, reason):
    found = {one.subject: one.reason for one in judged(storcli.parse_text(text))}
    assert found[subject] is reason


def test_an_array_that_failed_takes_its_volumes_with_it():
    text = b"Smart Array P410 in Slot 1\n\n   array A\n      logicaldrive 1 (558.9 GB, RAID 1, OK)\n"
    text += b"   array B (Failed)\n      logicaldrive 2 (2.2 TB, RAID 5, OK)\n"
    found = {one.subject: one.reason for one in judged(ssacli.parse(text))}
    assert found["array:box/slot1/ld1"] is Reason.OK
    assert found["array:box/slot1/ld2"] is Reason.STOPPED


def test_what_people_grep_of_megacli_is_read_from_one_line_a_drive():
    text = b"Enclosure Device ID: 32 Slot Number: 4 Media Error Count: 653 Firmware state: Failed\n"
    found = about(judged(megacli.parse(text)), "raid.disk")
    assert (found.subject, found.reason) == ("disk:box/a0/e32/s4", Reason.ERRORS)


def test_a_volume_that_is_being_built_is_not_yet_whole():
    assert state_of_volume("Impacted ( Build/Verify with fix : 90 % )") is Reason.DEGRADED


def test_the_second_generation_tells_first_what_a_drive_is_for_and_then_how_it_is():
    row = "268:1   258 Conf  {}  0 893.75 GiB SAS  SSD Enterprise 512B KRM6VVUG960G     U            1 -\n"
    text = "PD LIST :\n" + row.format("Online") + row.format("Failed").replace("268:1", "268:2")
    found = {one.subject: one.reason for one in judged(storcli.parse_text(text.encode()))}
    assert found == {"disk:box/c0/e268/s1": Reason.OK, "disk:box/c0/e268/s2": Reason.ERRORS}


def test_what_cciss_vol_status_says_of_a_volume_and_its_drives_is_read():
    text = b"""/dev/sg0: (Smart Array P410i) RAID 1 Volume 0 status: Using interim recovery mode.
  Failed drives:
         connector 1I box 1 bay 4     HP      EF0300FARMU     6SJ8ND84     HPD6
    Total of 1 failed physical drives detected on this logical drive.
"""
    found = cciss.parse(text)
    assert [drive.state for drive in found.drives] == ["Failed"]
    assert about(judged(found), "raid.array").reason is Reason.DEGRADED


def test_a_drive_with_failed_segments_is_in_doubt_though_it_is_online():
    text = (
        b"Device #2\n   Device is a Hard drive\n   State : Online\n   Failed logical device segments : True\n"
    )
    assert about(judged(arcconf.parse(text)), "raid.disk").reason is Reason.ERRORS
