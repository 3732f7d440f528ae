"""What a ticket names when several causes cannot be told apart."""

from __future__ import annotations

import pytest

from rules.inference.cause import Cause
from rules.inference.classes import common_entity

SHOP = Cause("app.error.internal", "service:app1/shopd")


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (Cause("unmodelled.host", "host:app1"), "service:app1/shopd"),
        (Cause("proc.fd.exhausted", "process:app1/shopd"), "service:app1/shopd"),
        (Cause("storage.fs.full", "fs:app1:/srv"), "host:app1"),
        (Cause("db.down", "service:db1/postgres"), "service:app1/shopd"),
    ],
)
def test_the_smallest_thing_that_holds_all_causes_is_named(other, named):
    assert common_entity([SHOP, other]) == named
