"""The peers' alert rules: a community's, in place, and what operators add; as shipped and made quick."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

HERE = Path(__file__).parent
COLLECTION = HERE.parents[2] / "shared/data/alert_rules/alert_rules.jsonl"
"""Awesome Prometheus alerts (CC BY 4.0); lies beside the project, and is not shipped with it."""
USUAL = HERE / "usual.yml"
GIVEN = frozenset(["Host and hardware", "Blackbox"])
"""The services whose rules are the measure."""
MORE = {"PostgreSQL": None, "Prometheus self-monitoring": frozenset(["Prometheus target missing"])}
"""Further rules of the collection that its exporters allow; None: all of the service."""
UNPAGED = "info"
"""Nobody is called for a rule of this severity; and their windows are days, which no lab has."""
QUICK = "15s"
VARIANTS = ("shipped", "quick")


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One alert rule; ``for_`` as Prometheus writes durations, empty for none."""

    service: str
    name: str
    expr: str
    severity: str
    for_: str = msgspec.field(default="", name="for")
    description: str = ""
    rules: str = "given"
    """"given": of the measure; "more": beside it."""


def collected(lines: Iterable[str]) -> Iterator[Rule]:
    """Of the collection, one JSON object per line, what the exporters here can feed."""
    for line in lines:
        rule = msgspec.json.decode(line, type=Rule)
        named = MORE.get(rule.service, frozenset())
        if rule.severity == UNPAGED:
            continue
        if rule.service in GIVEN:
            yield rule
        elif named is None or rule.name in named:
            yield msgspec.structs.replace(rule, rules="more")


def usual(text: str) -> Iterator[Rule]:
    """Of a rule file as Prometheus reads it."""
    for group in yaml.safe_load(text)["groups"]:
        for rule in group["rules"]:
            yield Rule(
                service=group["name"],
                name=rule["alert"],
                expr=rule["expr"],
                severity=rule["labels"]["severity"],
                for_=rule.get("for", ""),
                description=rule["annotations"]["description"],
                rules="more",
            )


def rule_file(rules: Sequence[Rule]) -> str:
    """All of them once per variant, told apart by a label, as one file for Prometheus."""
    services = list(dict.fromkeys(rule.service for rule in rules))
    groups = [
        {
            "name": f"{service}, {variant}",
            "rules": [_written(rule, variant) for rule in rules if rule.service == service],
        }
        for service in services
        for variant in VARIANTS
    ]
    return str(yaml.safe_dump({"groups": groups}, sort_keys=False, width=10_000))


def _written(rule: Rule, variant: str) -> dict[str, Any]:
    """A rule that waits for nothing as shipped does not wait when made quick either."""
    waits = QUICK if rule.for_ and variant == "quick" else rule.for_
    return {
        "alert": rule.name,
        "expr": rule.expr,
        **({"for": waits} if waits else {}),
        "labels": {"severity": rule.severity, "variant": variant, "rules": rule.rules},
        "annotations": {"description": rule.description},
    }


def read_all() -> list[Rule]:
    """Raises FileNotFoundError where the collection is not beside the project."""
    with COLLECTION.open(encoding="utf-8") as lines:
        rules = list(collected(lines))
    return [*rules, *usual(USUAL.read_text(encoding="utf-8"))]
