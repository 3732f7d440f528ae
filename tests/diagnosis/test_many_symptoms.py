"""One cause with many symptoms is one ticket, in whatever order they arrive."""

from __future__ import annotations

import random

import pytest

from rules.topology.site import Site, Switch
from server.desk.states import Status
from wire.judgement import Reason

BEHIND = ["app1", "app2", "app3"]
BESIDE = ["mon1", "mon2", "mon3"]


def two_switches(lab):
    lab.join(*BEHIND, *BESIDE)
    site = Site(
        switch=(
            Switch(name="sw1", ports=tuple(f"{host}/eth0" for host in BEHIND), uplinks=("sw2",)),
            Switch(name="sw2", ports=tuple(f"{host}/eth0" for host in BESIDE)),
        )
    )
    lab.pipeline.declare(site, "test")
    for host in lab.agents:
        for other in lab.agents:
            if other != host:
                lab.ping(host, other)
    lab.pass_time(20)


def cut(lab, seed):
    for host in BEHIND:
        lab.agents[host].alive = False
    pairs = [(host, other) for host in BESIDE for other in BEHIND]
    random.Random(seed).shuffle(pairs)
    for host, other in pairs:
        lab.now += 0.5
        lab.ping(host, other, Reason.TIMEOUT)


@pytest.mark.parametrize("seed", range(3))
def test_a_dead_switch_is_one_ticket_that_names_it(lab, seed):
    two_switches(lab)
    cut(lab, seed)
    lab.pass_time(60)
    open_tickets = lab.tickets(open_only=True)
    assert [(each.fault, each.entity) for each in open_tickets] == [("net.switch.down", "switch:sw1")]
    assert len(open_tickets[0].watch) >= 9
    assert set(BEHIND) <= set(open_tickets[0].hosts)


def test_the_ticket_of_a_switch_is_resolved_when_all_that_it_cut_off_answers(lab):
    two_switches(lab)
    cut(lab, 1)
    lab.pass_time(60)
    for host in BEHIND:
        lab.agents[host].alive = True
    for host in BESIDE:
        for other in BEHIND:
            lab.ping(host, other)
    lab.pass_time(60)
    assert lab.tickets(open_only=True) == []
    assert lab.tickets()[0].status is Status.RESOLVED


def test_stopping_services_in_any_order_converges_to_the_same_tickets(lab):
    lab.join("web1", "web2", "web3")
    for host in random.sample(["web1", "web2", "web3"], 3):
        lab.stop(host, "nginx")
    lab.pass_time(45)
    assert {each.entity for each in lab.tickets(open_only=True)} == {
        f"service:web{number}/nginx" for number in (1, 2, 3)
    }


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_arrival_does_not_change_the_tickets_that_stay(lab, seed):
    lab.join("web1", "web2", "web3")
    for host in ("web1", "web2"):
        lab.look(host, "fs.space", f"fs:{host}:/var")
    lab.pass_time(20)
    said = [
        ("web1", "svc.process", "service:web1/nginx", Reason.STOPPED),
        ("web1", "svc.port", "service:web1/nginx", Reason.REFUSED),
        ("web2", "fs.space", "fs:web2:/var", Reason.FULL),
        ("web2", "log.no_space", "fs:web2:/var", Reason.MATCHED),
        ("web3", "svc.process", "service:web3/db", Reason.STOPPED),
        ("web3", "svc.port", "service:web3/db", Reason.REFUSED),
    ]
    random.Random(seed).shuffle(said)
    for host, signal, subject, reason in said:
        lab.pass_time(0.5)
        lab.look(host, signal, subject, reason)
    lab.pass_time(60)
    assert {(each.fault, each.entity) for each in lab.tickets(open_only=True)} == {
        ("svc.process.down", "service:web1/nginx"),
        ("storage.fs.full", "fs:web2:/var"),
        ("svc.process.down", "service:web3/db"),
    }


def test_a_failure_that_just_lasts_gives_nothing_to_think_about(lab):
    lab.join("web1", "web2", "web3")
    lab.stop("web1", "nginx")
    lab.pass_time(60)
    thought_of = lab.pipeline.standing.revision
    lab.pass_time(30)
    assert lab.pipeline.standing.revision == thought_of
