"""The table of the comparison, and docs/comparison.md."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.compare.chosen import chosen
from bench.compare.judge import (
    NEVER,
    QUICK,
    SHIPPED,
    WIDER,
    Peer,
    Sums,
    named_by_ours,
    ours,
    paired,
    sums,
    theirs,
)
from bench.compare.naming import Naming
from bench.compare.seen import Seen

PEERS: dict[str, Peer] = {
    "their rules, every `for` 15 s": QUICK,
    "their rules as shipped": SHIPPED,
    "more rules, every `for` 15 s": WIDER,
}
SUMS = (
    "",
    "notifications",
    "alerts fired",
    "noticed",
    "median s to the first",
    "of what was noticed",
    "root named",
)
DRILLS = (
    "drill",
    "tickets",
    "first, right",
    "notifications, alerts",
    "first",
    "root named by",
    "as shipped: first",
    "more rules: root named by",
)
TEXT = Path(__file__).with_name("page.md")
"""What stands around the figures."""
NOT_YET = "**No run is on record yet**, so there are no figures: what follows is how they are to be measured."


def table(all_seen: Sequence[Seen], naming: Naming) -> str:
    return "\n".join(
        [*_sums(all_seen, naming), "", *_goals(all_seen, naming), "", *_drills(all_seen, naming)]
    )


def page(all_seen: Sequence[Seen], naming: Naming, versions: Sequence[str]) -> str:
    """Without anything seen, the conditions alone."""
    if not all_seen:
        before, _, conditions = TEXT.read_text(encoding="utf-8").partition("## Figures")
        return f"{before}{NOT_YET}\n\n## Conditions{conditions.partition('## Conditions')[2]}".format(
            **_conditions(all_seen, versions)
        )
    return TEXT.read_text(encoding="utf-8").format(
        sums="\n".join(_sums(all_seen, naming)),
        goals="\n".join(f"- {line}" for line in _goals(all_seen, naming)),
        drills="\n".join(_drills(all_seen, naming)),
        better="\n".join(_better(all_seen, naming)) or "In none of these drills.",
        count=len(all_seen),
        chosen=len(chosen()),
        **_conditions(all_seen, versions),
    )


def _conditions(all_seen: Sequence[Seen], versions: Sequence[str]) -> dict[str, str]:
    loads = [seen.load for seen in all_seen]
    return {
        "noisy": ", ".join(sorted({name for seen in all_seen for name in seen.noisy})) or "none",
        "versions": ", ".join(versions),
        "cores": str(os.cpu_count()),
        "load": f"{min(loads):.0f} to {max(loads):.0f}" if loads else "not measured",
    }


def _sums(all_seen: Sequence[Seen], naming: Naming) -> Iterator[str]:
    yield from _head(SUMS)
    yield _row("Rootward (tickets)", ours(all_seen))
    for title, peer in PEERS.items():
        yield _row(title, sums(all_seen, peer, naming))


def _head(columns: Sequence[str]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"


def _row(title: str, of: Sums) -> str:
    return (
        f"| {title} | {of.posts} | {of.alerts} | {of.noticed} of {of.drills} | {_seconds(of.first)} "
        f"| {_seconds(of.first_if_any)} | {of.named} of {of.drills} ({_share(of.named, of.drills)}) |"
    )


def _goals(all_seen: Sequence[Seen], naming: Naming) -> Iterator[str]:
    """Against the quick rules; a goal that was missed says so."""
    mine, peer = ours(all_seen), sums(all_seen, QUICK, naming)
    right, first = paired(all_seen, QUICK, naming)
    for what, ratio, goal in (
        ("tickets to their notifications", _ratio(mine.posts, peer.posts), 0.2),
        ("tickets to their alerts", _ratio(mine.posts, peer.alerts), 0.2),
        ("median time, our right ticket to their first notification", _ratio(right, first), 0.6),
    ):
        word = "met" if ratio <= goal else "MISSED"
        yield f"{what}: {ratio:.2f}; goal at most {goal:g}: {word}"
    share = mine.named / mine.drills if mine.drills else 0.0
    yield (
        f"root named: {_share(mine.named, mine.drills)}, theirs {_share(peer.named, peer.drills)}; "
        f"goal at least 95 %: {'met' if share >= 0.95 else 'MISSED'}"
    )
    yield (
        f"median seconds to our right ticket {_seconds(named_by_ours(all_seen))}; of the drills that they "
        f"noticed {_seconds(right)}, and theirs to anything {_seconds(first)}"
    )


def _drills(all_seen: Sequence[Seen], naming: Naming) -> Iterator[str]:
    yield from _head(DRILLS)
    for seen in all_seen:
        quick, shipped, wider = (theirs(seen, peer, naming) for peer in (QUICK, SHIPPED, WIDER))
        right = _seconds(seen.ours.named if seen.ours.named is not None else NEVER)
        yield (
            f"| {seen.drill} | {seen.ours.tickets} | {_seconds(_known(seen.ours.first))}, {right} "
            f"| {quick.posts}, {quick.alerts} | {_seconds(quick.first)} | {_by(quick.by, quick.named)} "
            f"| {_seconds(shipped.first)} | {_by(wider.by, wider.named)} |"
        )


def _better(all_seen: Sequence[Seen], naming: Naming) -> Iterator[str]:
    """Where the quick rules, also with more, were first, or right where we were not."""
    for seen in all_seen:
        peer = theirs(seen, WIDER, naming)
        if not seen.ours.right:
            said = f"named by *{peer.by}*" if peer.by else "not named by them either"
            yield f"- {seen.drill}: we said {seen.ours.answer or 'nothing'} ({seen.ours.why}); {said}."
        elif peer.first < _known(seen.ours.named):
            yield (
                f"- {seen.drill}: their first notification after {peer.first:.0f} s, our right ticket after "
                f"{_known(seen.ours.named):.0f} s."
            )


def _by(name: str, seconds: float) -> str:
    return f"{name}, {seconds:.0f}" if name else "–"


def _known(seconds: float | None) -> float:
    return NEVER if seconds is None else seconds


def _seconds(value: float) -> str:
    return "never" if value == NEVER else f"{value:.1f}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _ratio(mine: float, peer: float) -> float:
    """Nothing against nothing is even."""
    if mine == peer:
        return 1.0
    return mine / peer if peer else NEVER
