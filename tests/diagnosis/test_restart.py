"""The server's process ends between two turns; nothing is lost, nothing is doubled."""

from __future__ import annotations

import pytest

from server.desk.states import Status
from server.storage.tickets import repair


def test_an_open_ticket_is_found_again_and_not_doubled(lab):
    lab.join("web1", "web2")
    lab.stop("web1", "nginx")
    lab.pass_time(12)
    lab.restart()
    lab.pass_time(30)
    assert lab.only_ticket().status is Status.NEW


@pytest.mark.parametrize("seconds", [0.5, 2, 4.5, 5, 5.5, 6, 8])
def test_a_ticket_on_its_way_is_opened_after_the_restart(lab, seconds):
    lab.join("web1", "web2")
    lab.stop("web1", "nginx")
    lab.pass_time(seconds)
    lab.restart()
    lab.pass_time(15)
    assert lab.only_ticket().entity == "service:web1/nginx"


def test_a_repair_during_the_restart_resolves_it(lab):
    lab.join("web1")
    lab.stop("web1", "nginx")
    lab.pass_time(12)
    lab.start("web1", "nginx")
    lab.restart()
    lab.pass_time(40)
    assert lab.only_ticket().status is Status.RESOLVED


def test_stored_tickets_are_what_their_events_tell(lab):
    lab.join("web1", "web2")
    lab.stop("web1", "nginx")
    lab.stop("web2", "db")
    lab.pass_time(20)
    lab.start("web1", "nginx")
    lab.pass_time(40)
    assert lab.database.writer.run(repair).result() == []
