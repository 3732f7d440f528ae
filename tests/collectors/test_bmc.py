"""What management controllers tell through ipmitool, FreeIPMI and Redfish."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.hardware import bmc_sel, bmc_sensors, redfish
from collectors.hardware.bmc_facts import judge
from collectors.host import Host
from tests.collectors.conftest import about
from wire.judgement import Judgement, Reason

HOST = Host("box", "/dev/null")


def events(*lines: str) -> Judgement:
    """What is not well, of whatever kind; else the log as a whole."""
    found = list(bmc_sel.judge(bmc_sel.parse("\n".join(lines).encode()), HOST))
    return next((one for one in found if one.reason is not Reason.OK), found[0])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("   1 | 04/17/2024 | 18:28:30 | Memory #0x53 | Uncorrectable ECC | Asserted", Reason.ERRORS),
        (
            "   2 | 04/17/2024 | 18:28:30 | Power Supply PS2 Status | Power Supply AC lost | Asserted",
            Reason.ERRORS,
        ),
        ("   3 | 04/17/24 | 18:28:30 UTC | Fan FAN3 | Lower Critical going low  | Asserted", Reason.ERRORS),
        ("   4 | 04/17/2024 | 18:28:30 | Drive Slot #0x41 | Drive Fault | Asserted", Reason.ERRORS),
        ("   5 | 04/17/2024 | 18:28:30 | Memory DIMM_A1 | Correctable ECC | Asserted", Reason.HIGH),
        (
            "   6 | 04/17/2024 | 18:28:30 | Temperature Inlet | Upper Non-critical going high | Asserted",
            Reason.HIGH,
        ),
        (
            "   7 | 04/17/2024 | 18:28:30 | Event Logging Disabled SEL | Log area reset/cleared | Asserted",
            Reason.OK,
        ),
        ("   8 | 04/17/2024 | 18:28:30 | Power Supply PS1 | Presence detected | Asserted", Reason.OK),
        ("   9 | 04/17/2024 | 18:28:30 | System Event | Timestamp Clock Sync | Asserted", Reason.OK),
        (
            "   b | 11/10/20 | 01:28:37 | System Event | Undetermined system hardware failure | Asserted",
            Reason.ERRORS,
        ),
        ("   c | 04/17/2024 | 18:28:30 | Critical Interrupt #0x13 | PCI SERR | Asserted", Reason.ERRORS),
        ("   d | 04/17/2024 | 18:28:30 | Battery CMOS Battery | Failed | Asserted", Reason.ERRORS),
        (
            "   e | 04/17/2024 | 18:28:30 | Physical Security #0xaa | General Chassis intrusion | Asserted",
            Reason.HIGH,
        ),
        ("   a | Pre-Init  |0000000010| Processor CPU1 | IERR | Asserted", Reason.ERRORS),
        (
            "12 | Nov-05-2020 | 13:36:45 | PS2 Status | Power Supply | Power Supply input lost (AC/DC)",
            Reason.ERRORS,
        ),
    ],
)
def test_an_event_is_graded_by_what_it_says(line, reason):
    assert events(line).reason is reason


@pytest.mark.parametrize(
    ("line", "signal"),
    [
        (
            "1 | 04/17/24 | 18:28:30 UTC | Temperature #0x30 | Upper Critical going high | Asserted",
            "temperature",
        ),
        ("2 | 04/17/2024 | 18:28:30 | Processor CPU1 | Thermal Trip | Asserted", "temperature"),
        ("3 | 04/17/2024 | 18:28:30 | Fan FAN3 | Lower Critical going low | Asserted", "fan"),
        (
            "12 | Nov-05-2020 | 13:36:45 | PS2 Status | Power Supply | Power Supply input lost (AC/DC)",
            "power",
        ),
        ("4 | 04/17/2024 | 18:28:30 | Memory DIMM_A1 | Correctable ECC | Asserted", "memory"),
        ("5 | 04/17/2024 | 18:28:30 | Drive Slot #0x41 | Drive Fault | Asserted", ""),
    ],
)
def test_an_event_is_told_of_the_kind_of_part_that_it_is_about(line, signal):
    assert events(line).signal == ".".join(filter(None, ("bmc.events", signal)))


def test_what_was_taken_back_does_not_stand():
    lost = "   1 | 04/17/2024 | 18:28:30 | Power Supply PS2 | Power Supply AC lost | {}"
    assert events(lost.format("Asserted")).reason is Reason.ERRORS
    assert events(lost.format("Asserted"), lost.format("Deasserted")).reason is Reason.OK


def test_an_empty_log_is_no_alarm():
    assert events("SEL has no entries").reason is Reason.OK


def sensors(text: str) -> list[Judgement]:
    return list(judge(bmc_sensors.parse(text.encode()), HOST))


BLOCKS = """Sensor ID              : Intake (0xc)
 Entity ID             : 7.0 (System Board)
 Sensor Type (Analog)  : Temperature
 Sensor Reading        : 46 (+/- 1) degrees C
 Status                : Upper Critical
 Upper critical        : 40.000

Sensor ID              : Redundancy (0x2)
 Sensor Type (Discrete): Power Unit (0x09)
 Sensor Reading        : 0h
 States Asserted       : Power Unit
                         [Redundancy Lost]
 Assertions Enabled    : Power Unit
                         [Fully Redundant]

Sensor ID              : Fan 7 (0x3)
 Sensor Type (Threshold)  : Fan
 Sensor Reading        : No Reading
 Status                : Not Available
"""


def test_sensors_told_in_blocks_are_graded_by_their_status_and_by_what_is_asserted():
    found = {one.signal: one.reason for one in sensors(BLOCKS)}
    assert found == {"bmc.temperature": Reason.CRITICAL, "bmc.power": Reason.DEGRADED}


@pytest.mark.parametrize(
    ("limits", "reason"),
    [("na | 5.0 | 7.0 | 37.0 | 40.0 | na", Reason.CRITICAL), ("na | 0.0 | 0.0 | 0.0 | 0.0 | na", Reason.OK)],
)
def test_a_reading_past_its_critical_limit_is_critical_though_it_is_called_ok(limits, reason):
    (judged,) = sensors(f"Ambient | 46.000 | degrees C | ok | {limits}")
    assert judged.reason is reason


@pytest.mark.parametrize(
    ("line", "signal", "reason"),
    [
        ("Inlet Temp       | 23 degrees C      | ok", "bmc.temperature", Reason.OK),
        ("Inlet Temp       | 04h | ok  |  7.1 | 23 degrees C", "bmc.temperature", Reason.OK),
        ("CPU1 Temp        | 0Eh | cr  |  3.1 | 101 degrees C", "bmc.temperature", Reason.CRITICAL),
        ("CPU1 | 90.000 | degrees C | nc | na | na | na | 85.0 | 95.0 | na", "bmc.temperature", Reason.HIGH),
        ("FAN1             | 30h | ok  | 29.1 | 4200 RPM", "bmc.fan", Reason.OK),
        ("FAN2             | 31h | cr  | 29.2 | 300 RPM", "bmc.fan", Reason.CRITICAL),
        ("FAN3             | 0 RPM             | cr", "bmc.fan", Reason.STOPPED),
        ("FAN4             | no reading        | ns", "", Reason.OK),
        ("PS2 Status | 75h | ok | 10.2 | Presence detected, AC lost", "bmc.power", Reason.STOPPED),
        ("PS1 Status | 0x1 | discrete | 0x0100| na | na | na | na | na | na", "bmc.power", Reason.OK),
        ("PS1 Status | 0xb | discrete | 0x0b00| na | na | na | na | na | na", "bmc.power", Reason.STOPPED),
        ("PS Redundancy | 77h | ok | 7.1 | Redundancy Lost", "bmc.power", Reason.DEGRADED),
        ("1 | FAN1 | Fan | Nominal | 4200.00 | RPM | 'OK'", "bmc.fan", Reason.OK),
        ("2 | Temp | Temperature | Critical | 99.00 | C | 'At or Above (>=) Upper Critical Threshold'",
         "bmc.temperature", Reason.CRITICAL),
        ("3 | VBAT | Voltage | 2.10 | V | 'Below Lower Critical Threshold'", "bmc.power", Reason.CRITICAL),
        ("4 | PS1 | Power Supply | N/A | N/A | 'Presence detected'", "bmc.power", Reason.OK),
    ],
)  # fmt: skip
def test_a_sensor_is_graded_in_the_words_of_every_tool(line, signal, reason):
    judgements = sensors(line)
    assert [one.signal for one in judgements] == ([signal] if signal else [])
    assert [one.reason for one in judgements] == ([reason] if signal else [])


def resource(**keys: Any) -> list[Judgement]:
    body = {"@odata.type": f"#{keys.pop('type')}.v1_0_0.X"} | keys
    return list(redfish.judge(redfish.parse(msgspec.json.encode(body)), HOST))


def test_redfish_grades_fans_temperatures_and_supplies_in_their_lists():
    bad = {"Health": "Critical", "State": "Enabled"}
    fine = {"Health": "OK", "State": "Enabled"}
    thermal = resource(
        type="Thermal",
        Fans=[
            {"Name": "Fan 1", "Reading": 0, "Status": bad},
            {"Name": "Fan 2", "Status": {"State": "Absent"}},
        ],
        Temperatures=[{"Name": "Inlet", "ReadingCelsius": 50, "UpperThresholdCritical": 47, "Status": fine}],
    )
    assert about(thermal, "bmc.fan").reason is Reason.STOPPED
    assert about(thermal, "bmc.temperature").reason is Reason.CRITICAL
    power = resource(
        type="Power", PowerSupplies=[{"Name": "PS 1", "Status": bad}, {"Name": "PS 2", "Status": fine}]
    )
    assert about(power, "bmc.power").reason is Reason.CRITICAL


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"Status": {"Health": "OK"}}, Reason.OK),
        ({"Status": {"Health": "OK"}, "FailurePredicted": True}, Reason.ERRORS),
        ({"Status": {"Health": "Critical"}}, Reason.ERRORS),
        ({"Status": {"Health": "OK"}, "PredictedMediaLifeLeftPercent": 3}, Reason.HIGH),
    ],
)
def test_redfish_tells_a_drive_that_will_fail(keys, reason):
    assert about(resource(type="Drive", Name="Disk 1", **keys), "raid.disk", "/Disk_1").reason is reason


def test_redfish_tells_the_health_below_a_system():
    system = resource(
        type="ComputerSystem", Name="System", Status={"Health": "OK", "HealthRollup": "Critical"}
    )
    assert about(system, "bmc.health").reason is Reason.CRITICAL


@pytest.mark.parametrize(
    ("more", "told"),
    [([], "A general error has occurred."), ([{"Message": "No such resource: X"}], "No such resource: X")],
)
def test_an_error_of_redfish_is_told_in_its_own_words_and_judges_nothing(more, told):
    error = {"code": "Base.1.0.GeneralError", "message": "A general error has occurred."}
    found = redfish.parse(msgspec.json.encode({"error": error | {"@Message.ExtendedInfo": more}}))
    assert redfish.facts(found)["complaint"] == told
    assert list(redfish.judge(found, HOST)) == []


def test_redfish_tells_readings_under_the_names_of_all_its_versions():
    body = {
        "@odata.type": "#Thermal.v1_0_0.Thermal",
        "Fans": [{"FanName": "F1", "CurrentReading": 23, "Units": "Percent", "Status": {"Health": "OK"}}],
        "TemperatureReadingsCelsius": [{"DeviceName": "Outlet", "Reading": 31}],
    }
    found = redfish.parse(msgspec.json.encode(body))
    assert redfish.facts(found)["readings"] == {"F1": 23, "Outlet": 31}


def test_a_machine_without_a_controller_asks_no_tool(tree):
    assert not list(bmc_sel.read(tree.host()))
    assert not list(bmc_sensors.read(tree.host()))


@given(st.text(max_size=300))
def test_no_text_breaks_the_parsers(text):
    for parse, tell in (
        (bmc_sel.parse, bmc_sel.judge),
        (bmc_sensors.parse, judge),
        (redfish.parse, redfish.judge),
    ):
        try:
            found = parse(text.encode())
        except ValueError:
            continue
        list(tell(found, HOST))
