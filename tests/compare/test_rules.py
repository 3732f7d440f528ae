"""The peers' rules: what is chosen of a collection, what is rewritten, and that Prometheus takes it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bench.compare import rules, settings
from bench.compare.targets import probes

ROWS = (
    {
        "service": "Blackbox",
        "name": "Probe failed",
        "severity": "critical",
        "for": "1m",
        "expr": "probe_success == 0",
    },
    {"service": "Blackbox", "name": "Low uptime", "severity": "info", "for": "", "expr": "up"},
    {"service": "Host and hardware", "name": "OOM kill", "severity": "warning", "for": "", "expr": "up"},
    {"service": "PostgreSQL", "name": "Locks", "severity": "warning", "for": "2m", "expr": "up"},
    {"service": "Redis", "name": "No master", "severity": "critical", "for": "", "expr": "up"},
)


def written() -> dict[str, dict[str, object]]:
    """Variant and name → the rule as it stands in the file."""
    chosen = list(rules.collected(json.dumps(row) for row in ROWS))
    groups = yaml.safe_load(rules.rule_file(chosen))["groups"]
    return {
        f"{rule['labels']['variant']} {rule['alert']}": rule for group in groups for rule in group["rules"]
    }


def test_only_what_the_exporters_feed_and_somebody_is_called_for_is_chosen():
    assert {name.partition(" ")[2] for name in written()} == {"Probe failed", "OOM kill", "Locks"}


def test_as_shipped_a_rule_waits_as_it_says():
    assert written()["shipped Probe failed"]["for"] == "1m"


def test_made_quick_a_rule_waits_fifteen_seconds():
    assert written()["quick Locks"]["for"] == "15s"


def test_a_rule_that_waits_for_nothing_does_not_wait_when_made_quick():
    assert "for" not in written()["quick OOM kill"]


def test_rules_beside_the_measure_are_told_apart():
    assert {name: rule["labels"]["rules"] for name, rule in written().items() if "quick" in name} == {
        "quick Probe failed": "given",
        "quick OOM kill": "given",
        "quick Locks": "more",
    }


def test_prometheus_takes_its_configuration_and_every_rule(tmp_path: Path):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (package prometheus) is not installed")
    if not rules.COLLECTION.exists():
        pytest.skip("the collection of alert rules is not beside the project")
    file, config = tmp_path / "rules.yml", tmp_path / "prometheus.yml"
    file.write_text(rules.rule_file(rules.read_all()))
    config.write_text(settings.prometheus(probes(), str(file)))
    argv = [promtool, "check", "config", str(config)]
    checked = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
