"""What this agent would look at here, what it cannot, and what would let it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec

from agent.config import Config
from agent.edge.evidence import hint
from agent.edge.state import Finding
from agent.looks.look import Look, describe
from agent.offline.once import Once
from agent.units.capabilities import lacking
from agent.units.finding import CollectorUnit
from wire.judgement import Judgement, Reason, Verdict

CANNOT = frozenset(
    [Reason.NOT_PERMITTED, Reason.NOT_SUPPORTED, Reason.TOOL_MISSING, Reason.UNREADABLE, Reason.INTERNAL]
)


class Row(msgspec.Struct, frozen=True):
    """One unit on one target, or one subject of a collector."""

    check: str
    unit: str
    layer: str
    target: str
    state: str
    """``judged``, ``on trial`` (counts once it has answered well), ``on demand``, ``cannot``."""
    verdict: str = ""
    reason: str = ""
    note: str = ""


def rows(config: Config) -> list[Row]:
    """Really looks, once: only a look tells what may be looked at. Takes some seconds. Raises BadUnit."""
    once = Once(config)
    asyncio.run(once.run())
    found = [row for look in once.looks for row in _rows(look, once.findings)]
    return sorted([*found, *_on_demand(once)], key=lambda row: (row.state != "cannot", row.unit, row.target))


def _rows(look: Look, findings: list[Finding]) -> Iterator[Row]:
    mine = [finding.judgement for finding in findings if finding.source == look.source]
    if not mine:
        yield _row(look, None)
    for judgement in mine:
        yield _row(look, judgement)


def _row(look: Look, judgement: Judgement | None) -> Row:
    unit = look.unit
    target = describe(look.target)
    row = Row(unit.signals[0], unit.name, unit.layer, target, "on trial" if look.trial else "judged")
    if judgement is None:
        return msgspec.structs.replace(row, note="nothing of its kind here")
    if look.target is None:
        target = judgement.subject
    cannot = judgement.verdict is Verdict.UNKNOWN and judgement.reason in CANNOT
    return msgspec.structs.replace(
        row,
        check=judgement.signal,
        target=target,
        state="cannot" if cannot else row.state,
        verdict=judgement.verdict,
        reason=judgement.reason,
        note=_note(look, judgement) if judgement.verdict is Verdict.UNKNOWN else "",
    )


def _on_demand(once: Once) -> Iterator[Row]:
    for unit in once.units.collectors:
        if unit.collector.on_demand:
            yield Row(unit.signals[0], unit.name, unit.layer, "this host", "on demand", note=unit.question)


def _note(look: Look, judgement: Judgement) -> str:
    said = hint(judgement.evidence)
    unit = look.unit
    needs = unit.collector.needs if isinstance(unit, CollectorUnit) else unit.probe.needs
    missing = lacking(needs) if judgement.reason is Reason.NOT_PERMITTED else ()
    grant = f"systemctl edit rootward-agent: AmbientCapabilities={' '.join(missing)}" if missing else ""
    return "  or  ".join(part for part in (said, grant) if part)
