"""Which failure of a disk's self tests still stands, whichever interface and tool told of them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

STALE_HOURS = 2000
"""Of running. What failed longer ago shows in the counters today, or has healed."""


class SelfTest(msgspec.Struct, frozen=True, kw_only=True):
    """One finished test: neither aborted nor still running."""

    kind: str = ""
    """As the tool calls it: ``Extended offline``, ``Background short``; empty where it is not told."""
    failure: str = ""
    """How it failed; empty where it passed."""

    @property
    def thorough(self) -> bool:
        """It has read the whole surface. Of a test whose kind is not told that is taken for granted."""
        kind = self.kind.lower()
        return not kind or "extended" in kind or "long" in kind


def standing(newest_first: Iterable[SelfTest]) -> str:
    """The newest failure that no later test has put right: a short one reads too little to clear what a
    thorough one found. Empty where there is none.
    """
    passed = False
    for one in newest_first:
        if one.failure and (one.thorough or not passed):
            return one.failure
        if not one.failure and one.thorough:
            return ""
        passed |= not one.failure
    return ""


def old(hours: int | None, then: int | None) -> bool:
    """By the age of the disk and at the test, both in hours; ATA counts the latter in 16 bits."""
    return hours is not None and then is not None and (hours - then) % 65_536 > STALE_HOURS
