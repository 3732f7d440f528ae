"""Who may be enrolled under which name, and above which number its observations begin."""

from __future__ import annotations

from contextlib import closing

import pytest

from agent.enroll import enroll
from agent.home import Home
from agent.sending.sequence import Sequence


@pytest.mark.parametrize("name", ["rootward", "Rootward"])
def test_the_name_of_the_server_itself_is_refused(server, name) -> None:
    token = server.post("/api/v1/tokens", json={}).json()["token"]
    answer = server.post("/api/v1/enroll", json={"token": token, "host": name}, headers={})
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (400, "host")


def test_no_token_is_made_for_the_name_of_the_server_itself(server) -> None:
    answer = server.post("/api/v1/tokens", json={"host": "rootward"})
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (400, "host")


def test_the_first_agent_of_a_host_begins_at_one(server) -> None:
    assert server.enroll("n1").start == 0


def test_a_replaced_agent_s_numbers_are_not_given_again(server) -> None:
    first = server.enroll("n2")
    first.send(first.batch(first.look(seq=41_000)))
    assert server.enroll("n2").start > 41_000


def test_nor_are_those_of_a_revoked_one_or_of_the_one_before_it(server) -> None:
    first = server.enroll("n3")
    first.send(first.batch(first.look(seq=41_000)))
    second = server.enroll("n3")
    server.delete(f"/api/v1/agents/{second.id}")
    third = server.enroll("n3")
    assert third.start > second.start > 41_000


def test_what_was_applied_long_ago_counts_after_a_restart(launch) -> None:
    server = launch()
    first = server.enroll("n4")
    first.send(first.batch(first.look(seq=41_000)))
    server.stop()
    server.start()
    assert server.enroll("n4").start > 41_000


def test_the_agent_numbers_above_what_the_server_told_it(server, tmp_path) -> None:
    first = server.enroll("n5")
    first.send(first.batch(first.look(seq=41_000)))
    token = server.post("/api/v1/tokens", json={"host": "n5"}).json()["token"]
    home = Home(str(tmp_path))
    enroll(home, server=server.url, token=token, host="n5")
    with closing(Sequence(home.spool / "sequence")) as sequence:
        assert sequence.next() > 51_000
