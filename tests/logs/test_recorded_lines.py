"""Measured on log lines that others recorded and labelled, where they are at hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from rules.matcher import Matcher

LINES = Path(__file__).parents[3] / "shared" / "data" / "loglines" / "loglines.jsonl"
MEANS = {
    "fs_readonly": {"fs_read_only"},
    "io_error": {"io_error", "medium_error", "mount_hung"},
    "nvme_timeout": {"nvme_error"},
    "smart_failure": {"smart_failing"},
    "mce_ecc_corrected": {"memory_corrected"},
    "mce_ecc_uncorrected": {"memory_uncorrected"},
    "thermal_throttle": {"thermal"},
    "nic_link_down": {"nic_down"},
    "nic_tx_hang": {"nic_hang"},
    "hung_task": {"hung_task", "container_hung"},
    "docker_hung": {"hung_task", "container_hung"},
    "soft_lockup": {"lockup"},
    "kernel_panic_oops": {"panic", "oops"},
    "fd_exhaustion": {"fd_exhausted"},
    "service_crash_loop": {"crash_loop"},
    "auth_failure": {"auth_failure", "bruteforce"},
    "auth_bruteforce": {"auth_failure", "bruteforce"},
    "disk_full": {"no_space"},
    "clock_unsync": {"clock_unsynchronised", "clock_step"},
    "cert_error": {"certificate_error"},
    "db_error": {"database_error"},
    "power_psu": {"psu_failure"},
    "pcie_aer": {"pcie_error"},
}
"""Labels that are not named as our signals are."""

pytestmark = pytest.mark.skipif(not LINES.exists(), reason="the recorded log lines are not here")


@pytest.fixture(scope="module")
def judged() -> list[tuple[str, str]]:
    """Label and signal of each line; an empty signal where nothing matched."""
    matcher = Matcher()
    found = []
    for row in map(json.loads, LINES.read_text().splitlines()):
        hits = matcher.scan(row["line"].replace("\n", " ").encode())
        found.append((row["label"], hits[0].signature.signal.removeprefix("log.") if hits else ""))
    return found


def right(label: str, signal: str) -> bool:
    return bool(signal) if label == "other_fault" else signal in MEANS.get(label, {label})


def test_most_faults_are_found_and_named(judged, capsys):
    faults = [(label, signal) for label, signal in judged if label != "benign"]
    named = sum(right(label, signal) for label, signal in faults)
    alarmed = sum(bool(signal) for _, signal in faults)
    missed = Counter(label for label, signal in faults if not right(label, signal))
    with capsys.disabled():
        print(f"\n{len(faults)} faults: {named / len(faults):.1%} named, {alarmed / len(faults):.1%} alarmed")
        print(f"not named: {dict(missed.most_common())}")
    assert named / len(faults) >= 0.9


def test_harmless_lines_raise_few_alarms(judged, capsys):
    harmless = [signal for label, signal in judged if label == "benign"]
    false = [signal for signal in harmless if signal]
    with capsys.disabled():
        print(f"\n{len(harmless)} harmless: {len(false) / len(harmless):.1%} false alarms")
    assert len(false) / len(harmless) <= 0.01
