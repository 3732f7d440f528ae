"""A clock that is wrong for the programs of one host alone (libfaketime)."""

from __future__ import annotations

from pathlib import Path

from drills.errors import NotPossible


def wrong_by(seconds: int) -> dict[str, str]:
    """What a program needs in its environment to see such a clock; its monotonic clock stays right.

    Raises NotPossible where libfaketime is not installed.
    """
    found = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
    if found is None:
        raise NotPossible("libfaketime is not installed")
    return {"LD_PRELOAD": str(found), "FAKETIME": f"{seconds:+d}", "DONT_FAKE_MONOTONIC": "1"}
