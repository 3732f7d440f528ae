"""Of whom a server followed: asked is a real door."""

from __future__ import annotations

import socket

import pytest

from collectors.clients import following
from collectors.clients.following import followed, left


@pytest.fixture
def primary():
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield f"127.0.0.1:{door.getsockname()[1]}"


def test_a_primary_at_work_that_is_followed_no_more_was_left(box, primary):
    followed(box, "replica", primary)
    assert left(box, "replica", ["10.0.0.9"]) == primary


def test_a_primary_that_follows_now_changed_places(box, primary):
    followed(box, "replica", primary)
    assert left(box, "replica", ["127.0.0.1"]) == ""
    assert left(box, "replica", []) == ""


def test_what_follows_nobody_for_a_day_is_meant_to(box, primary, monkeypatch):
    followed(box, "replica", primary)
    monkeypatch.setattr(following, "KEPT_SECONDS", -1.0)
    assert left(box, "replica", []) == ""
