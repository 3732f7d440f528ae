"""What the kernel shows of memory, links, heat, batteries and controllers, from trees of its files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.hardware import edac, hwmon, pcie_errors, power_supply, sensors_output, thermal_throttle
from collectors.services import ports
from collectors.storage import nvme_controllers
from tests.collectors.conftest import Tree, about
from wire.judgement import Reason

MC = "/sys/devices/system/edac/mc/mc0"
AER = "/sys/bus/pci/devices/0000:01:00.0"
CHIP = "/sys/class/hwmon/hwmon0"


def dimm(tree: Tree, corrected: int, uncorrected: int) -> None:
    for name, text in (("ce_count", corrected), ("ue_count", uncorrected)):
        tree.write(f"{MC}/dimm0/dimm_{name}", f"{text}\n")
        tree.write(f"{MC}/{name}", f"{text}\n")
    tree.write(f"{MC}/dimm0/dimm_label", "CPU_SrcID#0_MC#0_Chan#1_DIMM#0\n")


def test_an_uncorrected_error_names_its_module(tree):
    dimm(tree, 0, 1)
    judged = about(edac.read(tree.host()), "hw.memory.uncorrected")
    assert (judged.subject, judged.reason) == ("dimm:box/CPU_SrcID#0_MC#0_Chan#1_DIMM#0", Reason.ERRORS)


def test_a_few_corrected_errors_are_the_life_of_memory_and_many_in_a_day_are_not(tree):
    host = tree.host()
    dimm(tree, 3, 0)
    assert about(edac.read(host), "hw.memory.corrected").reason is Reason.OK
    tree.clock.pass_by(3600)
    dimm(tree, 60, 0)
    assert about(edac.read(host), "hw.memory.corrected").reason is Reason.HIGH
    dimm(tree, 5000, 0)
    assert about(edac.read(host), "hw.memory.corrected").reason is Reason.ERRORS


def test_rows_and_channels_of_older_drivers_are_read_and_the_remainder_is_told(tree):
    for path, text in (
        ("ce_count", "3"), ("ue_count", "2"), ("csrow0/ce_count", "3"), ("csrow0/ue_count", "2"),
        ("csrow0/ch0_ce_count", "1"), ("csrow0/ch0_dimm_label", "A1"), ("csrow0/ch1_ce_count", "2"),
    ):  # fmt: skip
        tree.write(f"{MC}/{path}", text)
    judgements = list(edac.read(tree.host()))
    lost = {one.subject for one in judgements if one.reason is Reason.ERRORS}
    assert lost == {"dimm:box/mc0/csrow0"}
    assert about(judgements, "hw.memory.corrected", "/mc0/csrow0/ch1").value == 2


EVENTS = """Memory controller events:
1 2024-12-19 03:52:38 +0000 7 Corrected error(s): read error at CPU_0 location: 0:0:0:-1, addr 1
2 2024-12-19 03:52:39 +0000 1 Uncorrected error(s): read error at CPU_0 location: 0:0:0:-1, addr 1
"""


@pytest.mark.parametrize(
    "text",
    [
        "Label               \tCE\tUE\nCPU_SrcID#0_DIMM#0\t7\t1\n",
        "\tCorrected on DIMM Label(s): 'CPU#0_DIMM#0' location: 0:0:0:-1 errors: 7\n{}".format(
            "\tUncorrected on DIMM Label(s): 'CPU#0_DIMM#0' location: 0:0:0:-1 errors: 1\n"
        ),
        "mc0:csrow2:CPU#0_DIMM#0:CE:7\nmc0:csrow2:CPU#0_DIMM#0:UE:1\nmc0:noinfo:all:CE:0\n",
        EVENTS,
        "mc0: csrow2: CPU#0_DIMM#0: 7 Corrected Errors\nmc0: csrow2: CPU#0_DIMM#0: 1 Uncorrected Errors\n",
    ],
)
def test_the_tools_tell_the_same(tree, text):
    judgements = list(edac.judge(edac.parse(text.encode()), tree.host()))
    assert about(judgements, "hw.memory.uncorrected").value == 1
    assert about(judgements, "hw.memory.corrected").value == 7


def aer(tree: Tree, **counters: int) -> None:
    for kind in ("correctable", "nonfatal", "fatal"):
        tree.write(
            f"{AER}/aer_dev_{kind}", f"RxErr 0\nUnsupReq 5\nDLP {counters.get(kind, 0)}\nTOTAL_ERR 9\n"
        )


def test_a_link_is_judged_by_what_it_adds(tree):
    host = tree.host()
    aer(tree, correctable=40, nonfatal=2)
    assert about(pcie_errors.read(host), "hw.pcie").reason is Reason.OK
    aer(tree, correctable=4000, nonfatal=2)
    assert about(pcie_errors.read(host), "hw.pcie", "0000:01:00.0").reason is Reason.HIGH
    aer(tree, correctable=4000, nonfatal=3)
    assert about(pcie_errors.read(host), "hw.pcie").reason is Reason.ERRORS


def test_a_link_that_never_erred_is_not_told(tree):
    aer(tree)
    assert not list(pcie_errors.read(tree.host()))


def test_throttling_that_goes_on_is_told_and_that_of_a_moment_is_not(tree):
    host = tree.host()
    place = "/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"
    reasons = []
    for count in (34818, 34818, 34820, 34830, 34850, 34850):
        tree.write(place, f"{count}\n")
        reasons += [one.reason for one in thermal_throttle.read(host)]
        tree.clock.pass_by(30)
    assert reasons == [Reason.OK, Reason.OK, Reason.OK, Reason.HIGH, Reason.OK]


def chip(tree: Tree, name: str, **values: object) -> None:
    tree.write(f"{CHIP}/name", f"{name}\n")
    for key, value in values.items():
        tree.write(f"{CHIP}/{key}", f"{value}\n")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"temp1_input": 55000, "temp1_crit": 100000, "temp1_crit_alarm": 0}, Reason.OK),
        ({"temp1_input": 101000, "temp1_crit": 100000}, Reason.CRITICAL),
        ({"temp1_input": 90000, "temp1_crit_alarm": 1}, Reason.CRITICAL),
        ({"temp1_input": 86000, "temp1_max": 84000, "temp1_alarm": 1}, Reason.HIGH),
        ({"temp1_input": 127500, "temp1_crit": 0, "temp1_fault": 1}, Reason.OK),
        ({"temp1_input": -128000, "temp1_crit_alarm": 1}, Reason.OK),
    ],
)
def test_a_temperature_is_judged_by_the_limits_of_its_sensor(tree, values, reason):
    chip(tree, "coretemp", **values)
    assert about(hwmon.read(tree.host()), "hw.temperature").reason is reason


def test_the_loose_inputs_of_desktop_boards_do_not_alarm(tree):
    chip(tree, "nct6775", in1_input=1000, in1_alarm=1, intrusion0_alarm=1, temp1_input=95000, temp1_alarm=1)
    assert {one.reason for one in hwmon.read(tree.host())} == {Reason.OK}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"fan1_input": 0, "fan1_min": 0, "fan1_alarm": 0}, Reason.OK),
        ({"fan1_input": 4200, "fan1_min": 600, "fan1_alarm": 0}, Reason.OK),
        ({"fan1_input": 300, "fan1_min": 600, "fan1_alarm": 1}, Reason.CRITICAL),
        ({"fan1_input": 0, "fan1_min": 600, "fan1_alarm": 1}, Reason.STOPPED),
        ({"fan1_input": 0, "fan1_fault": 1}, Reason.STOPPED),
    ],
)
def test_a_fan_is_judged_by_its_own_limit(tree, values, reason):
    chip(tree, "applesmc", **values)
    assert about(hwmon.read(tree.host()), "hw.fan").reason is reason


def test_a_power_supply_that_lost_its_input_is_told(tree):
    chip(tree, "pfe1100", in1_input=0, in1_lcrit_alarm=1, in1_label="vin")
    assert about(hwmon.read(tree.host()), "hw.power").reason is Reason.STOPPED


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": "Full", "capacity": 100}, Reason.OK),
        ({"status": "Discharging", "capacity": 60}, Reason.OK),
        ({"status": "Discharging", "capacity": 4}, Reason.CRITICAL),
        ({"status": "Charging", "capacity": 4}, Reason.OK),
        ({"status": "Full", "capacity": 100, "health": "Dead"}, Reason.DEGRADED),
        ({"status": "Full", "capacity": 100, "energy_full": 10, "energy_full_design": 50}, Reason.HIGH),
    ],
)
def test_a_battery_is_judged_by_charge_health_and_wear(tree, values, reason):
    for key, value in ({"type": "Battery"} | values).items():
        tree.write(f"/sys/class/power_supply/BAT0/{key}", f"{value}\n")
    assert about(power_supply.read(tree.host()), "power.battery").reason is reason


def test_the_battery_of_a_mouse_is_not_that_of_the_machine(tree):
    for key, value in {
        "type": "Battery",
        "scope": "Device",
        "capacity": "1",
        "status": "Discharging",
    }.items():
        tree.write(f"/sys/class/power_supply/hidpp_battery_0/{key}", value)
    assert not list(power_supply.read(tree.host()))


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("live", Reason.OK),
        ("resetting", Reason.DEGRADED),
        ("connecting", Reason.DEGRADED),
        ("dead", Reason.STOPPED),
    ],
)
def test_an_nvme_controller_is_judged_by_its_state(tree, state, reason):
    tree.write("/sys/class/nvme/nvme0/state", f"{state}\n")
    judged = about(nvme_controllers.read(tree.host()), "disk.controller")
    assert (judged.subject, judged.reason) == ("disk:box/nvme0n1", reason)


def test_the_states_of_ports_are_facts(tree):
    tree.write("/sys/class/net/eth0/operstate", "up\n")
    tree.write("/sys/class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n")
    found = ports.gather(tree.host())
    assert found == {
        "sys/class/net/eth0/operstate": "up",
        "sys/class/infiniband/mlx5_0/ports/1/state": "4: ACTIVE",
    }


UNITS = (edac, pcie_errors, thermal_throttle, hwmon, power_supply, nvme_controllers)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.__name__)
def test_a_machine_without_such_a_device_is_silent(tree, unit):
    assert not list(unit.read(tree.host()))


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text):
    for head in ("", "Label CE UE\n"):
        try:
            edac.parse((head + text).encode())
        except ValueError:
            continue


SENSORS = """coretemp-isa-0000
Adapter: ISA adapter
Package id 0:  +{degrees}°C  (high = +80.0°C, crit = +100.0°C)
applesmc-isa-0300
Adapter: ISA adapter
Left side  : {speed} RPM  (min = 1200 RPM, max = 6200 RPM){alarm}
"""


@pytest.mark.parametrize(
    ("degrees", "speed", "alarm", "reasons"),
    [
        ("45.0", 2000, "", {Reason.OK}),
        ("101.0", 2000, "", {Reason.OK, Reason.CRITICAL}),
        ("45.0", 0, "  ALARM", {Reason.OK, Reason.STOPPED}),
    ],
)
def test_what_lm_sensors_prints_is_judged_alike(tree, degrees, speed, alarm, reasons):
    found = sensors_output.parse_text(SENSORS.format(degrees=degrees, speed=speed, alarm=alarm).encode())
    assert {one.reason for one in hwmon.judge(found, tree.host())} == reasons


def test_the_json_of_lm_sensors_is_read_too(tree):
    raw = b'{"coretemp-isa-0000": {"Adapter": "ISA", "Core 0": {"temp1_input": 101.5, "temp1_crit": 100.0}}}'
    judgements = hwmon.judge(sensors_output.parse_json(raw), tree.host())
    assert about(judgements, "hw.temperature").reason is Reason.CRITICAL
