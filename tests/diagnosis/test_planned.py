"""Planned work explains what it breaks."""

from __future__ import annotations

import pytest

from server.desk.maintenance import Window
from server.storage.declarations import write_window
from wire.judgement import Path as Way
from wire.judgement import Reason, Verdict


def plan(lab, entity, seconds):
    window = Window(
        entity=entity, starts_at=lab.now - 1, ends_at=lab.now + seconds, why="upgrade", actor="ann"
    )
    lab.database.writer.run(lambda connection: write_window(connection, window)).result()
    lab.pipeline.desk.reload_windows(lab.now)


@pytest.mark.parametrize("entity", ["service:web1/nginx", "host:web1"])
def test_a_fault_inside_its_window_opens_nothing(lab, entity):
    lab.join("web1", "web2")
    plan(lab, entity, 60)
    lab.stop("web1", "nginx")
    lab.pass_time(40)
    lab.start("web1", "nginx")
    lab.pass_time(40)
    assert lab.tickets() == []


def test_what_still_fails_after_the_window_gets_its_ticket(lab):
    lab.join("web1", "web2")
    plan(lab, "host:web1", 30)
    lab.stop("web1", "nginx")
    lab.pass_time(45)
    assert lab.only_ticket().entity == "service:web1/nginx"


def test_a_window_of_another_host_explains_nothing(lab):
    lab.join("web1", "web2")
    plan(lab, "host:web2", 60)
    lab.stop("web1", "nginx")
    lab.pass_time(20)
    assert lab.only_ticket().entity == "service:web1/nginx"


def refused_from_afar(lab, port=80):
    way = Way(
        interface="eth0", source=lab.agents["web2"].address, address=lab.agents["web1"].address, port=port
    )
    lab.look("web2", "app.http", f"endpoint:http://{way.address}", Reason.REFUSED, path=way)


def changing(lab, reason=Reason.CHANGING):
    for signal in ("svc.process", "svc.port"):
        lab.look("web1", signal, "service:web1/nginx", reason, verdict=Verdict.UNKNOWN)


def test_a_service_that_is_away_while_packages_are_changed_opens_nothing_although_others_miss_it(lab):
    lab.join("web1", "web2")
    changing(lab)
    refused_from_afar(lab)
    lab.pass_time(60)
    assert lab.tickets() == []


def test_a_service_that_did_not_come_back_from_a_change_of_packages_gets_its_ticket(lab):
    lab.join("web1", "web2")
    changing(lab)
    refused_from_afar(lab)
    lab.pass_time(30)
    lab.stop("web1", "nginx")
    lab.pass_time(30)
    assert lab.only_ticket().entity == "service:web1/nginx"


def test_a_service_that_its_host_just_cannot_see_is_no_planned_change(lab):
    lab.join("web1", "web2")
    changing(lab, Reason.NOT_PERMITTED)
    refused_from_afar(lab)
    lab.pass_time(60)
    assert lab.only_ticket().entity == "service:web1/nginx"
