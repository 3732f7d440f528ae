"""Which alert rules of a public collection our signals cover; writes docs/coverage.md.

The collection is samber/awesome-prometheus-alerts (CC BY 4.0): of it only the names of services and rules are
used. Skipped without it.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from rules.catalogue import load_catalogue
from rules.expectations import load_sheets

HERE = Path(__file__).parent
RULES = HERE.parents[1] / "shared/data/alert_rules/alert_rules.jsonl"
MAPPING = HERE / "coverage.toml"
PAGE = HERE.parent / "docs/coverage.md"
GOALS = {
    "host_hardware": 0.9,
    "network_security": 0.9,
    "storage": 0.9,
    "database": 0.7,
    "proxy_lb_mesh": 0.7,
    "message_broker": 0.7,
}


@dataclass(frozen=True)
class Covered:
    area: str
    service: str
    rule: str
    signals: tuple[str, ...]
    by: tuple[str, ...]
    """Expectations of exporters' values that produce the signals; none: a unit of its own does."""


def main() -> int:
    if not RULES.exists():
        print("skipped: the collection of alert rules is not here")
        return 0
    rows = list(covered())
    PAGE.write_text("\n".join(page(rows)) + "\n", encoding="utf-8")
    missed = False
    for area, goal in GOALS.items():
        share, have, total = figures(rows, area)
        missed = missed or share < goal
        word = "" if share >= goal else "  MISSED"
        print(f"{area:18} {have:4} of {total:4}  {share:6.1%}  goal {goal:.0%}{word}")
    return 1 if missed else 0


def covered() -> Iterator[Covered]:
    """Every rule of the areas, in its order. Raises ValueError for a mapping that is wrong."""
    mapping: dict[str, dict[str, list[str]]] = tomllib.loads(MAPPING.read_text(encoding="utf-8"))
    check(mapping)
    for line in RULES.read_text(encoding="utf-8").splitlines():
        rule = json.loads(line)
        if rule["area"] in GOALS:
            words = find(mapping.get(rule["service"], {}), rule["name"])
            signals = tuple(word for word in words if "." in word)
            by = tuple(word for word in words if "." not in word)
            yield Covered(rule["area"], rule["service"], rule["name"], signals, by)


def find(rules: dict[str, list[str]], name: str) -> list[str]:
    """The first pattern that fits."""
    return next((words for pattern, words in rules.items() if fnmatchcase(name, pattern)), [])


def check(mapping: dict[str, dict[str, list[str]]]) -> None:
    """Every signal is declared, and every expectation exists and ends in one of the signals beside it."""
    signals = load_catalogue().signals
    expectations = {each.id: each.signal for sheet in load_sheets().values() for each in sheet.expect}
    for service, rules in mapping.items():
        for pattern, words in rules.items():
            for word in words:
                if "." in word and word not in signals:
                    raise ValueError(f"{service}, {pattern}: no signal is called {word}")
                if "." not in word and expectations.get(word) not in words:
                    raise ValueError(f"{service}, {pattern}: no expectation {word} of {words}")


def figures(rows: list[Covered], area: str) -> tuple[float, int, int]:
    count = Counter(bool(row.signals) for row in rows if row.area == area)
    total = count[True] + count[False]
    return (count[True] / total if total else 1.0), count[True], total


def page(rows: list[Covered]) -> Iterator[str]:
    yield "# Coverage\n"
    yield "Which of our signals tells what a rule of a public collection alerts on. The names of services and"
    yield "rules are those of"
    yield "[Awesome Prometheus alerts](https://github.com/samber/awesome-prometheus-alerts)"
    yield "by Samuel Berthe and contributors (CC BY 4.0). `make bench-coverage` writes this page and fails"
    yield "below its goals. Where *read from* names expectations, the values come from an exporter on the"
    yield "same host (`rules/metrics`).\n"
    yield "| area | covered | of | share | goal |"
    yield "| --- | --- | --- | --- | --- |"
    for area, goal in GOALS.items():
        share, have, total = figures(rows, area)
        yield f"| {area} | {have} | {total} | {share:.1%} | {goal:.0%} |"
    for area in GOALS:
        yield f"\n## {area}\n"
        yield "| service | rule | signal | read from |"
        yield "| --- | --- | --- | --- |"
        for row in (row for row in rows if row.area == area):
            signals = ", ".join(f"`{name}`" for name in row.signals) or "–"
            yield f"| {row.service} | {row.rule.replace('|', '/')} | {signals} | {', '.join(row.by)} |"


if __name__ == "__main__":
    sys.exit(main())
