"""Walks a report for claims without proof: each must cite observations, and these must be in its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

FULL = 400
"""Observations that a report keeps at most; beyond them a claim's first ids may be all that is kept."""
Claim = tuple[str, list[str]]
"""What is claimed, and the ids that it cites."""


def unproven(report: Mapping[str, Any]) -> list[str]:
    """What the report, as JSON, claims without an observation, or by one that it does not show."""
    shown = {str(each["id"]) for each in report["observations"]}
    whole = len(shown) < FULL
    found = []
    for claim, cited in _claims(report):
        missing = [name for name in cited if name not in shown]
        if not cited:
            found.append(f"{claim}: no observation")
        elif missing and (whole or len(missing) == len(cited)):
            found.append(f"{claim}: {', '.join(missing[:3])} not shown")
    return found


def _claims(report: Mapping[str, Any]) -> Iterator[Claim]:
    diagnosis = report["diagnosis"]
    yield f"root {_named(diagnosis['root'])}", diagnosis["root"]["supported_by"]
    yield "what the root explains", diagnosis["observations"]
    for kind in ("members", "hypotheses"):
        for each in diagnosis[kind]:
            yield f"{kind} {_named(each)}", [*each["supported_by"], *each["opposed_by"]]
    for each in diagnosis["consequences"]:
        yield f"consequence {each['state']} {each['entity']}", each["shown_by"]
    for each in diagnosis["ruled_out"]:
        yield f"ruled out {_named(each)}", each["by"]
    if report["ticket"]["resolved_at"] is not None and not _resolved_by_people(report["timeline"]):
        yield "proof of repair", report["proof"]
    for each in _paragraphs(report["blocks"]):
        if each["cites"] or each["tone"] == "lead":
            yield f"sentence {each['text'][:60]!r}", each["cites"]


def _resolved_by_people(timeline: list[Mapping[str, Any]]) -> bool:
    """Whoever did the work vouches for it; of what the product resolves by itself it must show the proof."""
    resolved = [each for each in timeline if each["what"] == "status" and "→ resolved" in each["text"]]
    return bool(resolved) and resolved[-1]["actor"] != "rootward"


def _paragraphs(blocks: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for block in blocks:
        if block["type"] == "Paragraph":
            yield block
        elif block["type"] == "Items":
            yield from block["items"]


def _named(each: Mapping[str, Any]) -> str:
    return f"{each['fault']} {each['entity']}"
