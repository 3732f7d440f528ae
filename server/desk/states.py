"""The states of a ticket and which change of state needs what, as a table."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    NEW = "new"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    MERGED = "merged"
    CANCELLED = "cancelled"


class Need(StrEnum):
    """What a change of state asks for."""

    NOTHING = "nothing"
    ASSIGNEE = "assignee"
    REASON = "reason"
    PARENT = "parent"


class Pending(StrEnum):
    """What a pending ticket waits for."""

    CUSTOMER = "customer"
    VENDOR = "vendor"
    CHANGE = "change"
    PROBLEM = "problem"
    SCHEDULED = "scheduled"
    EVIDENCE = "evidence"


class Rejection(StrEnum):
    OUT_OF_SCOPE = "out_of_scope"
    DUPLICATE = "duplicate"
    SPAM = "spam"


class Refused(ValueError):
    """A change that the table does not allow, or that lacks what it needs; the text says which."""


OPEN = frozenset([Status.NEW, Status.ASSIGNED, Status.IN_PROGRESS, Status.PENDING])
"""States in which a ticket holds its key: nobody else may open one for the same root."""

_N, _A, _I, _P, _R = Status.NEW, Status.ASSIGNED, Status.IN_PROGRESS, Status.PENDING, Status.RESOLVED
TRANSITIONS: dict[tuple[Status, Status], Need] = {
    (_N, _A): Need.ASSIGNEE,
    (_A, _A): Need.ASSIGNEE,
    (_I, _A): Need.ASSIGNEE,
    (_N, _I): Need.NOTHING,
    (_A, _I): Need.NOTHING,
    (_A, _P): Need.REASON,
    (_I, _P): Need.REASON,
    (_P, _A): Need.NOTHING,
    (_P, _I): Need.NOTHING,
    (_N, _R): Need.REASON,
    (_A, _R): Need.REASON,
    (_I, _R): Need.REASON,
    (_P, _R): Need.REASON,
    (_R, _I): Need.REASON,
    (_R, Status.CLOSED): Need.NOTHING,
    **{(each, Status.REJECTED): Need.REASON for each in OPEN},
    **{(each, Status.CANCELLED): Need.REASON for each in OPEN},
    **{(each, Status.MERGED): Need.PARENT for each in OPEN},
}


def check_transition(before: Status, after: Status, *, reason: str, assignee: str, parent: str) -> None:
    """Raises Refused unless the table allows the change and what it needs is given."""
    need = TRANSITIONS.get((before, after))
    if need is None:
        allowed = ", ".join(sorted(to for at, to in TRANSITIONS if at == before)) or "nothing"
        raise Refused(f"a ticket that is {before} cannot become {after}; it can become: {allowed}")
    if need is Need.REASON and not reason:
        raise Refused(f"becoming {after} needs a reason")
    if need is Need.ASSIGNEE and not assignee:
        raise Refused("assigning needs the person who takes it")
    if need is Need.PARENT and not parent:
        raise Refused("merging needs the ticket that goes on")
    if after is Status.PENDING and reason not in set(Pending):
        raise Refused(f"a ticket waits for one of: {', '.join(Pending)}")
    if after is Status.REJECTED and reason not in set(Rejection):
        raise Refused(f"a ticket is rejected as one of: {', '.join(Rejection)}")
