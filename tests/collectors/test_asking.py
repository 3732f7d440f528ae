"""A tool that is missing, late, refused or unreadable is unknown, each for its own reason."""

from __future__ import annotations

import pytest

from collectors.asking import answered
from collectors.command import Completed
from collectors.host import Host
from collectors.judging import judged
from wire.judgement import Reason


@pytest.mark.parametrize(
    ("done", "reason"),
    [
        (Completed(code=0, out=b"7"), Reason.OK),
        (Completed(missing=True), Reason.TOOL_MISSING),
        (Completed(late=True), Reason.DEADLINE),
        (Completed(code=1, err=b"must be root"), Reason.NOT_PERMITTED),
        (Completed(code=0, out=b"seven"), Reason.UNREADABLE),
    ],
)
def test_each_way_to_end_has_its_reason(done, reason):
    (found,) = answered(
        done,
        int,
        lambda number, host: [judged("disk.smart", f"host:{host.name}", Reason.OK, number)],
        Host("box"),
        otherwise=("disk.smart", "host:box"),
        tool="it",
    )
    assert found.reason is reason
