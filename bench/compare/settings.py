"""The configuration of Prometheus, Alertmanager and blackbox_exporter, as YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bench.compare.rules import VARIANTS
from bench.compare.targets import Probe
from drills.layout import PLACES

PACKAGED = Path("/etc/prometheus/alertmanager.yml")
"""The example that Debian's package installs."""
INTERVAL = "15s"
EXPORTER, PROBER, DATABASE = 9100, 9115, 9187
PROMETHEUS, ALERTMANAGER, HOOK = "127.0.0.1:39090", "127.0.0.1:39093", "127.0.0.1:39097"
"""In the network of the monitoring host, and asked by nobody but each other. The ports are of those that a
kernel gives to whoever asks for none: our agent there does not take them for services that come and go."""
AT_ONCE = "1s"
"""What the quick variant waits for further alerts of a group: those of one evaluation."""


def prometheus(probes: Sequence[Probe], rules: str) -> str:
    """``rules``: path of the rule file."""
    hosts = [place for place in PLACES if place.agent]
    databases = [place for place in PLACES if place.role == "database"]
    return _yaml(
        {
            "global": {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL},
            "rule_files": [rules],
            "alerting": {"alertmanagers": [_at(ALERTMANAGER)]},
            "scrape_configs": [
                {"job_name": "prometheus", **_at(PROMETHEUS)},
                _exporters("node", [(place.name, place.address) for place in hosts], EXPORTER),
                _exporters("postgres", [(place.name, place.address) for place in databases], DATABASE),
                _probed(probes),
            ],
        }
    )


def _at(address: str) -> dict[str, Any]:
    return {"static_configs": [{"targets": [address]}]}


def _exporters(job: str, hosts: Sequence[tuple[str, str]], port: int) -> dict[str, Any]:
    """By address, so that they are read while names are not served; called by name, as people read them."""
    return {
        "job_name": job,
        "static_configs": [
            {"targets": [f"{address}:{port}"], "labels": {"instance": f"{name}:{port}"}}
            for name, address in hosts
        ],
    }


def _probed(probes: Sequence[Probe]) -> dict[str, Any]:
    """As the documentation of blackbox_exporter has it: the target becomes a parameter and the instance."""
    return {
        "job_name": "blackbox",
        "metrics_path": "/probe",
        "static_configs": [
            {"targets": [probe.target], "labels": {"module": probe.module}} for probe in probes
        ],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"source_labels": ["module"], "target_label": "__param_module"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{PROBER}"},
        ],
    }


def blackbox(probes: Sequence[Probe]) -> str:
    return _yaml({"modules": {probe.module: probe.settings for probe in probes}})


def alertmanager(packaged: str) -> str:
    """The packaged example with one route per variant; the receivers are ours, and the quick one's wait."""
    example = yaml.safe_load(packaged)
    route = {name: value for name, value in example["route"].items() if name not in ("receiver", "routes")}
    return _yaml(
        {
            "route": {
                **route,
                "receiver": VARIANTS[0],
                "routes": [
                    {"matchers": ['variant="shipped"'], "receiver": "shipped"},
                    {"matchers": ['variant="quick"'], "receiver": "quick", "group_wait": AT_ONCE},
                ],
            },
            "inhibit_rules": [
                {**rule, "equal": [*rule["equal"], "variant"]} for rule in example["inhibit_rules"]
            ],
            "receivers": [
                {
                    "name": variant,
                    "webhook_configs": [{"url": f"http://{HOOK}/{variant}", "send_resolved": False}],
                }
                for variant in VARIANTS
            ],
        }
    )


def _yaml(tree: dict[str, Any]) -> str:
    return str(yaml.safe_dump(tree, sort_keys=False))
