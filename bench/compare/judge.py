"""What came of each drill on either side, and the sums of all: pure, from what was seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from bench.compare.naming import Naming
from bench.compare.seen import Labels, Seen

NEVER = math.inf


class Peer(NamedTuple):
    """A set of rules of the peers: which variant, and whether with those beside the measure."""

    variant: str
    rules: frozenset[str]


GIVEN, MORE = frozenset(["given"]), frozenset(["given", "more"])
QUICK = Peer("quick", GIVEN)
"""The one that the goals are against."""
SHIPPED, WIDER = Peer("shipped", GIVEN), Peer("quick", MORE)


class Theirs(NamedTuple):
    """Times are seconds from the injection; ``NEVER`` where it did not come while the harm lasted."""

    posts: int
    """Notifications that told of anything new."""
    alerts: int
    """Alerts that began to fire, told already or waiting for their group's next notification."""
    first: float
    named: float
    """The first alert that names the root began to fire, told or not."""
    by: str
    """Its name."""


def theirs(seen: Seen, peer: Peer, naming: Naming) -> Theirs:
    new = [alert for alert in seen.fired if _counts(alert.labels, seen, peer, naming)]
    known = {_key(alert.labels) for alert in new}
    posts = [post for post in seen.posts if known & {_key(labels) for labels in post.alerts}]
    naming_it = [alert for alert in new if any(naming.name(alert.labels, root) for root in seen.expected)]
    first = min(naming_it, key=lambda alert: alert.at, default=None)
    return Theirs(
        posts=len(posts),
        alerts=len(new),
        first=min((post.at - seen.began for post in posts), default=NEVER),
        named=first.at - seen.began if first else NEVER,
        by=first.labels["alertname"] if first else "",
    )


def _counts(labels: Labels, seen: Seen, peer: Peer, naming: Naming) -> bool:
    return (
        labels["variant"] == peer.variant
        and labels["rules"] in peer.rules
        and labels["alertname"] not in seen.noisy
        and naming.counts(labels, seen.expected)
    )


def _key(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


class Sums(NamedTuple):
    """Of all drills; the times are medians."""

    drills: int
    posts: int
    alerts: int
    noticed: int
    first: float
    """Where nothing came counts as never."""
    first_if_any: float
    named: int


def sums(all_seen: Sequence[Seen], peer: Peer, naming: Naming) -> Sums:
    each = [theirs(seen, peer, naming) for seen in all_seen]
    came = [one.first for one in each if one.first != NEVER]
    return Sums(
        drills=len(each),
        posts=sum(one.posts for one in each),
        alerts=sum(one.alerts for one in each),
        noticed=len(came),
        first=_median(one.first for one in each),
        first_if_any=_median(came),
        named=sum(one.named != NEVER for one in each),
    )


def ours(all_seen: Sequence[Seen]) -> Sums:
    """Of our side: tickets in place of notifications and alerts."""
    firsts = [_time(seen.ours.first) for seen in all_seen]
    tickets = sum(seen.ours.tickets for seen in all_seen)
    return Sums(
        drills=len(all_seen),
        posts=tickets,
        alerts=tickets,
        noticed=sum(first != NEVER for first in firsts),
        first=_median(firsts),
        first_if_any=_median(first for first in firsts if first != NEVER),
        named=sum(seen.ours.right for seen in all_seen),
    )


def named_by_ours(all_seen: Sequence[Seen]) -> float:
    """The median of the seconds to the right ticket; one that never came counts as never."""
    return _median(_time(seen.ours.named) if seen.ours.right else NEVER for seen in all_seen)


def paired(all_seen: Sequence[Seen], peer: Peer, naming: Naming) -> tuple[float, float]:
    """Medians, ours to the right ticket and theirs to anything, of the drills that they noticed."""
    pairs = [(seen, theirs(seen, peer, naming).first) for seen in all_seen]
    noticed = [(seen, first) for seen, first in pairs if first != NEVER]
    return named_by_ours([seen for seen, _ in noticed]), _median(first for _, first in noticed)


def _time(seconds: float | None) -> float:
    return NEVER if seconds is None else seconds


def _median(values: Iterable[float]) -> float:
    known = list(values)
    return median(known) if known else NEVER
