"""One round has an end: what is not through by then is told, and the rest counts."""

import socket
import time

import pytest

from agent.config import Config, ConfiguredHttp
from agent.offline import once
from agent.offline.once import one_round


@pytest.fixture
def mute():
    """A URL whose server accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_what_is_not_through_in_time_is_unchecked_and_the_rest_is_told(mute, tmp_path, monkeypatch):
    monkeypatch.setattr(once, "PATIENCE", 9.0)
    look = one_round(Config(host="web1", home=str(tmp_path), target=(ConfiguredHttp(mute),)))
    assert f"app.http {mute}" in {one.what for one in look.unchecked}
    assert {"host.fds", "host.pids"} <= {one.signal for one in look.observations}


def test_a_discovery_that_hangs_costs_only_what_it_would_have_found(tmp_path, monkeypatch):
    monkeypatch.setattr(once, "DISCOVER_SECONDS", 0.2)
    monkeypatch.setattr(once, "discover", lambda _host: time.sleep(5))
    look = one_round(Config(host="web1", home=str(tmp_path)))
    assert look.unchecked[0].what == "discovery"
    assert "host.pids" in {one.signal for one in look.observations}


def test_a_first_look_counts_where_there_is_no_time_for_a_second(tmp_path, monkeypatch):
    monkeypatch.setattr(once, "PATIENCE", 9.0)
    monkeypatch.setattr(once, "APART", 60.0)
    look = one_round(Config(host="web1", home=str(tmp_path)))
    assert {"host.fds", "host.pids"} <= {one.signal for one in look.observations}
