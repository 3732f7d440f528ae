"""What the drill-down asks because of what a failing look says of itself."""

from __future__ import annotations

import pytest

from wire.inventory import Nic
from wire.judgement import Path, Reason

DOORS = [f"endpoint:tcp://10.0.9.9:{port}" for port in (80, 443, 5432)]
ASTRAY = Path(interface="eth0", gateway="10.0.0.2", address="10.0.9.9")
USUAL = Path(interface="eth0", gateway="10.0.0.254", address="10.0.9.9")


def lose_the_shop(lab, path):
    lab.join("web1", "web2", "web3")
    for door in DOORS:
        lab.look("web1", "net.tcp", door, path=USUAL)
    lab.pass_time(20)
    agent = lab.agents["web1"]
    agent.look(lab.now, "net.route", "address:10.0.9.9", Reason.WRONG, path=path, round_="")
    agent.fresh.clear()  # it is looked at when somebody asks
    for door in DOORS:
        lab.look("web1", "net.tcp", door, Reason.TIMEOUT, path=path)
    lab.pass_time(40)


def test_a_neighbour_that_passes_nothing_on_is_named_as_a_wrong_gateway(lab):
    lose_the_shop(lab, ASTRAY)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("ip.gateway.wrong", "host:web1")


def test_what_was_asked_once_is_asked_again_while_the_rest_fails(lab):
    lose_the_shop(lab, ASTRAY)
    lab.pass_time(150)
    assert lab.only_ticket().fault == "ip.gateway.wrong"
    assert ("web1", "net.route", "address:10.0.9.9") in lab.pipeline.standing.failing


def test_the_usual_way_is_not_asked_for(lab):
    lose_the_shop(lab, USUAL)
    (diagnosis,) = lab.diagnoses()
    tests = [test for step in diagnosis.steps for test in step.tests]
    assert tests
    assert not any("net.route address:10.0.9.9" in test for test in tests)


def test_a_stopped_service_is_asked_whether_it_would_take_its_configuration(lab):
    lab.join("web1", "web2")
    lab.look("web1", "svc.config", "service:web1/nginx")
    lab.pass_time(20)
    agent = lab.agents["web1"]
    agent.look(lab.now, "svc.config", "service:web1/nginx", Reason.WRONG)
    agent.fresh.clear()  # it is looked at when somebody asks
    lab.stop("web1", "nginx")
    lab.pass_time(30)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("svc.config.invalid", "service:web1/nginx")


@pytest.mark.parametrize(
    ("arrival", "fault", "entity"),
    [
        (Reason.TIMEOUT, "fw.drop", "port:db1/tcp/5432"),
        (Reason.MISSING, "fw.gateway.acl", "flow:10.0.0.254>db1/tcp/5432"),
    ],
)
def test_a_door_that_is_silent_to_who_comes_through_a_gateway_is_asked_what_arrives(
    lab, arrival, fault, entity
):
    lab.join("web1", "web2", "near1", "near2", "db1")
    address = lab.agents["db1"].address
    through = Path(interface="eth0", gateway="10.0.0.254", address=address, port=5432)
    beside = Path(interface="eth0", address=address, port=5432)
    hosts = {"web1": through, "web2": through, "near1": beside, "near2": beside}
    for host, path in hosts.items():
        lab.look(host, "net.tcp", "endpoint:tcp://db1:5432", path=path)
    lab.pass_time(20)
    agent = lab.agents["db1"]
    agent.look(lab.now, "net.arrival", "flow:10.0.0.254>db1/tcp/5432", arrival, round_="")
    agent.fresh.clear()  # it listens when somebody asks
    for host in ("web1", "web2"):
        lab.look(host, "net.tcp", "endpoint:tcp://db1:5432", Reason.TIMEOUT, path=through)
    lab.pass_time(40)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == (fault, entity)


def test_what_only_an_answer_to_a_question_still_shows_is_not_asked_for_ever(lab):
    lose_the_shop(lab, ASTRAY)
    for door in DOORS:
        lab.look("web1", "net.tcp", door, path=USUAL)
    lab.pass_time(20)
    assert ("web1", "net.route", "address:10.0.9.9") in lab.pipeline.standing.failing
    lab.pass_time(100)
    assert not lab.pipeline.standing.failing


def make_a_gateway(agent):
    if agent.host == "gw":
        agent.address = "10.0.0.254"
        agent.more_nics = (Nic(name="eth1", mac="02:00:00:00:09:01", addresses=("10.0.9.1/24",)),)


@pytest.mark.parametrize(
    ("to_the_gateway", "fault", "entity"),
    [
        (Reason.TIMEOUT, "svc.upstream.down", "service:web1/nginx"),
        (Reason.OK, "fw.gateway.acl", "flow:10.0.0.254>10.0.9.9/tcp/9000"),
    ],
)
def test_a_partner_whom_no_agent_watches_is_asked_by_the_gateway_itself(lab, to_the_gateway, fault, entity):
    lab.prepare = make_a_gateway
    lab.join("web1", "web2", "gw")
    through = Path(interface="eth0", gateway="10.0.0.254", address="10.0.9.9", port=9000)
    beside = Path(interface="eth1", address="10.0.9.9", port=9000)
    page = Path(interface="eth0", address=lab.agents["web1"].address, port=80)
    lab.look("web2", "app.http", "endpoint:http://web1/partner/", path=page)
    lab.pass_time(20)
    for host, way, reason in (("web1", through, Reason.TIMEOUT), ("gw", beside, to_the_gateway)):
        agent = lab.agents[host]
        agent.look(lab.now, "net.tcp", "endpoint:tcp://10.0.9.9:9000", reason, path=way, round_="")
        agent.look(lab.now, "net.icmp", "address:10.0.9.9", path=way, round_="")
        agent.fresh.clear()  # it is looked at when somebody asks
    lab.look("web2", "app.http", "endpoint:http://web1/partner/", Reason.STATUS, path=page)
    lab.look("web1", "log.upstream_failed", "service:web1/nginx", Reason.MATCHED, path=through)
    lab.pass_time(40)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == (fault, entity)
