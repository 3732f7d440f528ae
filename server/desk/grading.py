"""Impact and urgency of a ticket from what is hit; each value says why."""

from __future__ import annotations

from typing import get_args

from rules.models import Fault
from server.desk.scope import Reach
from server.desk.ticket import Derived, Level, Scope
from wire.entity import kind_of, name_of

SHARED_KINDS = frozenset(["site", "gateway", "switch", "segment", "link", "resolver", "zone", "subnet"])
"""What many use at once."""
MANY_HOSTS = 10
LARGE_PART = 0.3
FEW_TO_JUDGE_BY = 5
"""Below this many known hosts a large part of them says nothing."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
LEVELS: tuple[Level, ...] = get_args(Level)


def grade_impact(entity: str, hit: Reach) -> Derived:
    scope, why = _scope(entity, hit)
    if hit.left is not None and scope != "person":
        group, left, lost = name_of(hit.left.group), len(hit.left.left), len(hit.left.lost)
        scope = SCOPES[SCOPES.index(scope) + 1]
        why += (f"{left} of {left + lost} members of {group} still work",)
    return Derived(value=scope, confidence=0.9 if hit.known_hosts else 0.5, why=why)


def _scope(entity: str, hit: Reach) -> tuple[Scope, tuple[str, ...]]:
    touched = len(hit.hosts) + hit.dependants
    if hit.workstation and touched <= 1:
        return "person", ("only a workstation is affected",)
    if touched >= MANY_HOSTS:
        return "enterprise", (f"{touched} hosts are affected or lean on it",)
    if hit.known_hosts >= FEW_TO_JUDGE_BY and touched >= LARGE_PART * hit.known_hosts and hit.failed:
        shared = kind_of(entity) in SHARED_KINDS
        if shared:
            return "enterprise", (f"{touched} of {hit.known_hosts} hosts use it",)
    if touched > 1:
        return "department", (f"{touched} hosts are affected or lean on it",)
    if hit.services:
        return "department", (f"{len(hit.services)} services are affected",)
    return "department", ("a server serves more than one person",)


def grade_urgency(fault: Fault, hit: Reach) -> Derived:
    level: Level = fault.urgency
    why: tuple[str, ...] = (f"{fault.id} is of {level} urgency",)
    if not hit.failed and level != "low":
        level, why = _lower(level), (*why, "degraded, not failed")
    if hit.left is not None and level != "low":
        if len(hit.left.left) > hit.left.need:
            level, why = "low", (*why, "redundancy is left")
        else:
            level, why = "medium", (*why, "the rest does the work, and none of it can be spared")
    return Derived(value=level, why=why)


def _lower(level: Level) -> Level:
    return LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]
