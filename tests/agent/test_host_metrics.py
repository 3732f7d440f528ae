"""Host figures by the names of node_exporter: beside the real one, of trees, and as promtool sees them."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agent.edge.state import EdgeState, Finding
from agent.host_metrics import HostMetrics
from agent.host_metrics.exposition import READERS
from agent.metrics import Exposition, MetricsServer
from collectors.host import Host
from tests.agent.test_metrics import NUMBERS
from wire.judgement import Judgement, Reason, Verdict

EXPORTER, PROMTOOL = shutil.which("prometheus-node-exporter"), shutil.which("promtool")
FIXED_NAMES = re.compile(
    r"^node_\w+ (metric names should be written in 'snake_case' not 'camelCase'|"
    r"non-counter metrics should not have \"_total\" suffix|"
    r"use base unit .*|metric names should not contain abbreviated units|"
    r"counter metrics should have \"_total\" suffix)"
)
"""What promtool also says of node_exporter: its names are what dashboards ask for."""


def exposed(host: Host) -> str:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HostMetrics(host))
    return generate_latest(registry).decode()


def families(text: str):
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(text: str, name: str) -> dict[tuple[str, ...], float]:
    found = families(text)
    family = found.get(name) or found[name.removesuffix("_total")]
    return {tuple(label for _, label in sorted(one.labels.items())): one.value for one in family.samples}


@pytest.fixture(scope="module")
def theirs(exporter_text):
    return families(exporter_text)


@pytest.fixture(scope="module")
def exporter_text():
    """What the real node_exporter of this machine says."""
    if EXPORTER is None:
        pytest.skip("prometheus-node-exporter is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with subprocess.Popen(
        [EXPORTER, f"--web.listen-address={address}", "--log.level=error"], stderr=subprocess.DEVNULL
    ) as exporter:
        try:
            yield _fetched(address)
        finally:
            exporter.kill()


def _fetched(address: str) -> str:
    until = time.monotonic() + 100
    while True:
        try:
            with urllib.request.urlopen(f"http://{address}/metrics") as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_everything_is_named_typed_and_labelled_as_node_exporter_does(theirs):
    ours = families(exposed(Host("box")))
    shared = ours.keys() & theirs.keys()
    assert len(shared) > 150
    for name in sorted(shared):
        mine, other = ours[name], theirs[name]
        assert mine.type == other.type, name
        known = {frozenset(one.labels) for one in other.samples}  # later releases than Debian's add some
        assert all(any(labels <= one.labels.keys() for labels in known) for one in mine.samples), name


def test_little_of_it_is_unknown_to_node_exporter(theirs):
    ours = families(exposed(Host("box"))).keys()
    assert ours - theirs.keys() <= {
        # later releases than Debian's know these
        "node_pressure_irq_stalled_seconds",
        "node_netstat_TcpExt_TCPOFOQueue",
        "node_netstat_TcpExt_TCPRcvQDrop",
    }


def test_what_does_not_move_has_the_value_of_node_exporter(theirs):
    ours = families(exposed(Host("box")))
    for name in (
        "node_memory_MemTotal_bytes",
        "node_boot_time_seconds",
        "node_filefd_maximum",
        "node_filesystem_size_bytes",
        "node_network_mtu_bytes",
        "node_uname_info",
        "node_os_info",
        "node_entropy_pool_size_bits",
    ):
        mine = {frozenset(one.labels.items()): one.value for one in ours[name].samples}
        other = {frozenset(one.labels.items()): one.value for one in theirs[name].samples}
        assert mine
        assert {labels: mine[labels] for labels in mine.keys() & other.keys()} == {
            labels: other[labels] for labels in mine.keys() & other.keys()
        }, name


def complaints(text: str) -> list[str]:
    """What promtool says of it, without the lines that only say how much there was."""
    if PROMTOOL is None:
        pytest.skip("promtool (package prometheus) is not installed")
    done = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    return [line for line in (done.stdout + done.stderr).splitlines() if line]


def scraped() -> str:
    """All that the agent of this machine exposes, with results whose names are hostile."""
    state = EdgeState()
    for number, reason in enumerate(Reason):
        judgement = Judgement(
            signal="app.http",
            subject=f'endpoint:http://a"\\b{number}',
            verdict=Verdict.FAIL,
            reason=reason,
            value=0.5,
        )
        state.apply(Finding(judgement=judgement, at=1.0, source="probe"))
    exposition = Exposition(lambda: list(state), lambda: {"15s/1": 1.0}, lambda: NUMBERS)
    server = MetricsServer("127.0.0.1:0", exposition, HostMetrics(Host("box")))
    try:
        return _fetched(f"127.0.0.1:{server.port}")
    finally:
        server.stop()


def test_promtool_finds_nothing_to_say_of_our_own_names():
    text = scraped()
    assert "rootward_probe_value{" in text
    assert [line for line in complaints(text) if not line.startswith("node_")] == []


def test_promtool_says_of_the_names_of_others_only_what_is_in_their_naming():
    assert [line for line in complaints(scraped()) if not FIXED_NAMES.match(line)] == []


def test_promtool_says_of_what_we_share_with_node_exporter_what_it_says_of_that(exporter_text):
    theirs = set(complaints(exporter_text))
    shared = {line.split()[0] for line in exporter_text.splitlines() if line and line[0] != "#"}
    names = {name.partition("{")[0] for name in shared}
    assert {line for line in complaints(scraped()) if line.split()[0] in names} <= theirs


def test_a_tree_with_sensors_arrays_and_bonds_shows_them(tmp_path):
    for path, text in {
        "sys/class/hwmon/hwmon0/name": "coretemp",
        "sys/class/hwmon/hwmon0/temp1_input": "55000",
        "sys/class/hwmon/hwmon0/temp1_crit_alarm": "0",
        "sys/class/hwmon/hwmon0/temp1_label": "Core 0",
        "sys/block/md0/md/array_state": "clean",
        "sys/block/md0/md/raid_disks": "2",
        "sys/block/md0/md/degraded": "1",
        "sys/block/md0/md/sync_action": "recover",
        "sys/block/md0/md/dev-sda1/state": "in_sync",
        "sys/block/md0/md/dev-sdb1/state": "spare",
        "sys/class/net/bonding_masters": "bond0",
        "sys/class/net/bond0/bonding/slaves": "eth0 eth1",
        "sys/class/net/eth0/bonding_slave/mii_status": "up",
        "sys/class/net/eth1/bonding_slave/mii_status": "down",
        "sys/devices/system/edac/mc/mc0/ce_count": "7",
        "sys/devices/system/edac/mc/mc0/csrow1/ce_count": "6",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text + "\n")
    text = exposed(Host("box", str(tmp_path)))
    assert values(text, "node_hwmon_temp_celsius") == {("coretemp", "temp1"): 55.0}
    assert values(text, "node_hwmon_sensor_label") == {("coretemp", "core 0", "temp1"): 1.0}
    assert values(text, "node_md_disks")[("md0", "active")] == 1
    assert values(text, "node_md_state")[("md0", "recovering")] == 1
    assert values(text, "node_bonding_active") == {("bond0",): 1}
    assert values(text, "node_edac_correctable_errors_total") == {("0",): 7}
    assert ("0", "1") in values(text, "node_edac_csrow_correctable_errors_total")


def test_a_reader_without_its_file_says_so_and_spares_the_others(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/loadavg").write_text("0.50 0.40 0.30 1/100 5\n")
    text = exposed(Host("box", str(tmp_path)))
    success = {labels[0]: value for labels, value in values(text, "node_scrape_collector_success").items()}
    assert success.keys() == READERS.keys()
    assert (success["loadavg"], success["meminfo"]) == (1, 0)
    assert values(text, "node_load1") == {(): 0.5}


def test_nonsense_in_proc_stops_no_scrape(tmp_path):
    for name in ("stat", "meminfo", "diskstats", "net/dev", "net/snmp", "net/sockstat", "self/mountinfo"):
        (tmp_path / "proc" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "proc" / name).write_bytes(b"\xff\x00 cpu0 x\nMemTotal: \n a b c\n")
    assert "node_scrape_collector_success" in exposed(Host("box", str(tmp_path)))
