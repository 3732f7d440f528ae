"""GPUs by every form of nvidia-smi; UPSs by NUT and apcupsd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.hardware import fabric_log, gpu_lists, gpu_report, nvidia, ups
from collectors.hardware.gpu_facts import Gpu, judge
from collectors.host import Host
from tests.collectors.conftest import about
from wire.judgement import Reason

HOST = Host("box", "/dev/null")
XML = """<?xml version="1.0"?><!DOCTYPE nvidia_smi_log [<!ENTITY a "aaaa">]>
<nvidia_smi_log><gpu id="00000000:3B:00.0"><product_name>NVIDIA A100</product_name><uuid>GPU-1</uuid>
<mig_devices><mig_device><ecc_error_count><volatile_count><sram_uncorrectable>9</sram_uncorrectable>
</volatile_count></ecc_error_count></mig_device></mig_devices>
<clocks_event_reasons><clocks_event_reason_hw_thermal_slowdown>{slow}</clocks_event_reason_hw_thermal_slowdown>
</clocks_event_reasons>
<ecc_errors><volatile><sram_correctable>1</sram_correctable><dram_uncorrectable>{dram}</dram_uncorrectable></volatile>
<aggregate><dram_uncorrectable>7</dram_uncorrectable></aggregate></ecc_errors>
<remapped_rows><remapped_row_pending>{pending}</remapped_row_pending>
<remapped_row_failure>{failure}</remapped_row_failure>
</remapped_rows>
<temperature><gpu_temp>{temp} C</gpu_temp><gpu_temp_slow_threshold>89 C</gpu_temp_slow_threshold>
</temperature>
</gpu></nvidia_smi_log>"""
TEXT = """
GPU 00000000:3B:00.0
    Product Name                          : Tesla V100
    Clocks Throttle Reasons
        HW Slowdown                       : Not Active
            HW Thermal Slowdown           : {slow}
    ECC Errors
        Volatile
            Double Bit
                Device Memory             : {dram}
                Total                     : {dram}
    Retired Pages
        Pending Page Blacklist            : {pending}
    Remapped Rows
        Remapping Failure Occurred        : {failure}
    Temperature
        GPU Current Temp                  : {temp} C
        GPU Slowdown Temp                 : 89 C
"""
FINE = {"slow": "Not Active", "dram": "0", "pending": "No", "failure": "No", "temp": "40"}
FORMS = [(gpu_report.parse_xml, XML), (gpu_report.parse_text, TEXT)]


@pytest.mark.parametrize(("parse", "form"), FORMS)
@pytest.mark.parametrize(
    ("words", "signal", "reason"),
    [
        ({}, "gpu.memory", Reason.OK),
        ({}, "gpu.temperature", Reason.OK),
        ({"dram": "2"}, "gpu.memory", Reason.ERRORS),
        ({"pending": "Yes"}, "gpu.memory", Reason.HIGH),
        ({"failure": "Yes"}, "gpu.memory", Reason.ERRORS),
        ({"temp": "91"}, "gpu.temperature", Reason.CRITICAL),
        ({"slow": "Active"}, "gpu.temperature", Reason.CRITICAL),
    ],
)
def test_the_long_report_is_judged_alike_in_both_forms(parse, form, words, signal, reason):
    judged = about(judge(parse(form.format(**(FINE | words)).encode()), HOST), signal)
    assert (judged.subject, judged.reason) == ("gpu:box/0000:3b:00", reason)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("00000000:3B:00.0, 41, 0, [N/A]", Reason.OK),
        ("00000000:3B:00.0, 41, 3, 0x0000000000000000", Reason.ERRORS),
    ],
)
def test_the_columns_of_a_query_are_read_by_their_head(line, reason):
    head = (
        "pci.bus_id, temperature.gpu, ecc.errors.uncorrected.volatile.total, clocks_throttle_reasons.active\n"
    )
    assert about(judge(gpu_lists.parse_csv((head + line).encode()), HOST), "gpu.memory").reason is reason


def test_a_lost_card_is_missing_and_a_broken_reading_is_an_error():
    head = "index, name, temperature.gpu\n0, A100, [GPU is lost]\n"
    assert about(judge(gpu_lists.parse_csv(head.encode()), HOST), "gpu.state").reason is Reason.MISSING
    table = (
        "| NVIDIA-SMI 535.54.03   Driver Version: 535.54.03    CUDA Version: 12.2     |\n"
        "|   0  NVIDIA A100-SXM4-80GB          On  | 00000000:3B:00.0 Off |                    0 |\n"
        "| N/A   ERR!    P0              62W / 400W|      4MiB / 81920MiB |      0%      Default |\n"
    )
    assert about(judge(gpu_lists.parse_table(table.encode()), HOST), "gpu.state").reason is Reason.ERRORS


def test_a_healthy_table_is_silent_and_tells_the_temperature():
    table = (
        "| NVIDIA-SMI 535.54.03   Driver Version: 535.54.03    CUDA Version: 12.2     |\n"
        "|   0  NVIDIA A100-SXM4-80GB          On  | 00000000:3B:00.0 Off |                    0 |\n"
        "| N/A   34C    P0              62W / 400W|      4MiB / 81920MiB |      0%      Default |\n"
    )
    (gpu,) = gpu_lists.parse_table(table.encode())
    assert (gpu.place, gpu.temperature, gpu.complaint) == ("0000:3b:00", 34, "")


def test_the_table_tells_uncorrected_errors_of_memory():
    table = (
        "| NVIDIA-SMI 535.54.03   Driver Version: 535.54.03    CUDA Version: 12.2     |\n"
        "|   0  NVIDIA A100-SXM4-80GB          On  | 00000000:3B:00.0 Off |                    7 |\n"
        "| N/A   34C    P0              62W / 400W|      4MiB / 81920MiB |      0%      Default |\n"
    )
    assert about(judge(gpu_lists.parse_table(table.encode()), HOST), "gpu.memory").reason is Reason.ERRORS


LINKS = "GPU 0: NVIDIA A100 (UUID: GPU-12345678-aaaa)\n\t Link 0: 25 GB/s\n\t Link 1: {}\n"


def test_a_link_that_is_down_beside_others_degrades_the_card():
    def reason(text: str) -> Reason:
        return about(judge(gpu_lists.parse_list(text.encode()), HOST), "gpu.link").reason

    assert reason(LINKS.format("25 GB/s")) is Reason.OK
    assert reason(LINKS.format("<inactive>")) is Reason.DEGRADED
    assert reason(LINKS.format("<inactive>").replace("25 GB/s", "<inactive>")) is Reason.OK


def test_errors_of_a_link_count_while_they_grow(tree):
    host = tree.host()
    reasons = [
        about(
            judge([Gpu(place="0", uuid="u", link_errors={"link 0 crc errors": count})], host), "gpu.link"
        ).reason
        for count in (5, 5, 9)
    ]
    assert reasons == [Reason.OK, Reason.OK, Reason.ERRORS]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("battery.charge: 100\nups.status: OL CHRG\n", Reason.OK),
        ("battery.charge: 80\nups.status: OB DISCHRG\n", Reason.HIGH),
        ("battery.charge: 8\nups.status: OB LB\n", Reason.STOPPED),
        ("battery.charge: 8\nups.status: OL LB CHRG\n", Reason.DEGRADED),
        ("ups.status: OL RB\n", Reason.DEGRADED),
        ("APC      : 001,036,0876\nSTATUS   : ONLINE\nBCHARGE  : 100.0 Percent\n", Reason.OK),
        ("STATUS   : ONBATT LOWBATT\n", Reason.STOPPED),
    ],
)
def test_a_ups_is_judged_by_its_status(text, reason):
    assert about(ups.judge(ups.parse(text.encode()), HOST), "power.ups").reason is reason


def test_a_machine_without_them_asks_no_tool(tree):
    assert not list(nvidia.read(tree.host()))
    assert not list(ups.read(tree.host()))


@given(st.text(max_size=300))
def test_no_text_breaks_the_parsers(text):
    for source in nvidia.SOURCES:
        for head in ("", "GPU 0: A\n", "<nvidia_smi_log><gpu>", "index, name\n", "| NVIDIA-SMI |\n"):
            try:
                found = source.parse((head + text).encode())
            except ValueError:
                continue
            list(source.judge(found, HOST))
            source.facts(found)


def test_the_fabric_manager_logs_its_errors():
    fine = b"[Apr 17 2024 01:51:39] [INFO] [tid 1855] multicast group 0 is allocated.\n"
    bad = b"[Jul 09 2024 18:14:07] [ERROR] [tid 12727] detected NVSwitch fatal error 20034 on fid 0\n"
    assert not list(fabric_log.judge(fabric_log.parse(fine), HOST))
    assert about(fabric_log.judge(fabric_log.parse(fine + bad), HOST), "gpu.link").reason is Reason.ERRORS


def test_a_driver_that_does_not_answer_is_an_error_and_no_card_is_none():
    words = b"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
    assert about(judge(gpu_lists.parse_table(words), HOST), "gpu.state").reason is Reason.ERRORS
    assert gpu_lists.parse_table(b"No devices were found\n") == []


def test_rows_without_a_head_are_told_by_the_form_of_their_cells():
    text = (
        "0, NVIDIA A10, , 24564 MiB, [N/A]\n"
        "1, NVIDIA A10, GPU-5f0f2c41-0b7e, 24564 MiB, 0x0000000000000040\n"
        "00000000:AF:00.0, Tesla T4, [GPU is lost], 15360 MiB, 0x0000000000000000\n"
    )
    first, second, third = gpu_lists.parse_csv(text.encode())
    assert (first.place, first.name, first.uuid, first.slowed) == ("0", "NVIDIA A10", "", ())
    assert (second.place, second.uuid, second.slowed) == ("1", "GPU-5f0f2c41-0b7e", ("hw_thermal_slowdown",))
    assert (third.place, third.name, third.complaint) == ("0000:af:00", "Tesla T4", "[GPU is lost]")


def test_sentences_with_a_comma_are_no_rows():
    with pytest.raises(ValueError, match="no head of columns"):
        gpu_lists.parse_csv(b"Dear all, the cards are slow, please look\n")


@pytest.mark.parametrize(
    "line",
    [
        "GPU 0: Tesla V100",
        "GPU 0 Tesla V100",
        "GPU 0: Tesla V100 (UUID: )",
        "Tesla V100",
        "Tesla V100, 0000000000000000",
    ],
)
def test_a_card_is_listed_by_its_name_with_or_without_anything_else(line):
    parse = gpu_lists.parse_list if line.startswith("GPU") else gpu_lists.parse_csv
    assert [(one.place, one.name, one.uuid) for one in parse(line.encode())] == [("0", "Tesla V100", "")]
