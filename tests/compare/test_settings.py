"""What Alertmanager and blackbox_exporter of the comparison are configured with."""

from __future__ import annotations

import yaml

from bench.compare import settings
from bench.compare.targets import probes

PACKAGED = """
global: {smtp_from: someone@example.org}
route:
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  receiver: mail
  routes:
    - {match: {service: files}, receiver: mail}
inhibit_rules:
  - {source_match: {severity: critical}, target_match: {severity: warning}, equal: [alertname]}
receivers:
  - {name: mail, email_configs: [{to: someone@example.org}]}
"""


def configured() -> dict[str, dict[str, object]]:
    return yaml.safe_load(settings.alertmanager(PACKAGED))


def test_the_packaged_grouping_stays():
    route = configured()["route"]
    assert (route["group_by"], route["group_wait"], route["group_interval"]) == (["alertname"], "30s", "5m")


def test_only_the_quick_variant_waits_less():
    waits = {route["receiver"]: route.get("group_wait") for route in configured()["route"]["routes"]}
    assert waits == {"shipped": None, "quick": "1s"}


def test_one_variant_does_not_inhibit_the_other():
    assert configured()["inhibit_rules"][0]["equal"] == ["alertname", "variant"]


def test_nobody_else_is_notified():
    kinds = {kind for receiver in configured()["receivers"] for kind in receiver if kind != "name"}
    assert kinds == {"webhook_configs"}


def test_a_page_must_hold_what_our_agents_expect_in_it():
    modules = yaml.safe_load(settings.blackbox(probes()))["modules"]
    front = next(probe for probe in probes() if probe.target == "https://web1.lab.test/")
    assert modules[front.module]["http"]["fail_if_body_not_matches_regexp"] == [r"items\ in\ stock"]


def test_every_probe_has_its_module():
    modules = yaml.safe_load(settings.blackbox(probes()))["modules"]
    assert {probe.module for probe in probes()} == set(modules)
