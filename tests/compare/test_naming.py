"""Which alerts of the peers name which root, by the rule of the comparison."""

from __future__ import annotations

import pytest

from bench.compare import naming
from bench.compare.rules import COLLECTION, read_all
from drills.drill import Answer
from rules.catalogue import load_catalogue

RULE = naming.load()


def names(alert: str, root: str, **labels: str) -> bool:
    fault, _, entity = root.partition(" ")
    return RULE.name({"alertname": alert, **labels}, Answer(fault=fault, entity=entity))


def test_a_failing_page_of_its_own_host_names_a_dead_service():
    assert names(
        "Blackbox probe failed",
        "svc.process.down service:web1/nginx",
        instance="https://web1.lab.test/",
        module="http_items_in_stock",
    )


def test_a_failing_page_of_another_host_names_nothing():
    assert not names(
        "Blackbox probe failed",
        "svc.process.down service:app1/shopd",
        instance="https://web1.lab.test/",
        module="http_items_in_stock",
    )


def test_a_ping_that_fails_names_a_dead_host_by_its_address():
    assert names("Blackbox probe failed", "host.down host:web1", instance="10.77.1.11", module="icmp")


def test_a_ping_that_fails_names_no_dead_service():
    assert not names(
        "Blackbox probe failed", "svc.process.down service:web1/nginx", instance="10.77.1.11", module="icmp"
    )


def test_a_silent_host_does_not_name_the_switch():
    assert not names(
        "Blackbox probe failed", "net.switch.down switch:sw1", instance="10.77.1.11", module="icmp"
    )


def test_a_file_system_is_named_by_its_mount_point_only():
    assert not names(
        "Host out of inodes", "storage.fs.inodes fs:web2:/srv/data", instance="web2:9100", mountpoint="/"
    )


@pytest.mark.parametrize(
    ("entity", "part"),
    [
        ("fs:web1:/var/log", "/var/log"),
        ("nic:gw/eth2", "eth2"),
        ("host:web1", ""),
        ("disk:web2/loop5", "loop5"),
    ],
)
def test_the_part_of_a_machine_that_an_entity_names(entity: str, part: str):
    assert naming.part_of(entity) == part


def test_what_all_hosts_show_since_they_share_a_kernel_counts_on_the_roots_host():
    root = Answer(fault="mem.oom.kill", entity="process:app2/reportd")
    counted = [
        host
        for host in ("app1", "app2", "web1")
        if RULE.counts({"alertname": "Host OOM kill detected", "instance": f"{host}:9100"}, [root])
    ]
    assert counted == ["app2"]


def test_every_fault_that_the_rule_speaks_of_exists():
    assert {fault for name in RULE.names for fault in name.faults} <= set(load_catalogue().faults)


def test_every_alert_that_the_rule_speaks_of_exists():
    if not COLLECTION.exists():
        pytest.skip("the collection of alert rules is not beside the project")
    spoken_of = {name.alert for name in RULE.names} | RULE.kernel_wide
    assert spoken_of <= {rule.name for rule in read_all()}
