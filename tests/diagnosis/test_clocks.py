"""Agents whose clocks are wrong: it is seen, and it misleads nobody about when a fault began."""

from __future__ import annotations

import pytest

from server.desk.states import Status
from wire import entity as ids
from wire.judgement import Reason

HOUR = 3600.0
SHOP = ids.service("web2", "nginx")


def set_back(lab, host, seconds):
    """The clock of a host is set while its agent runs on."""
    lab.agents[host].behind = seconds


@pytest.mark.parametrize("seconds", [HOUR, -HOUR, 30.0])
def test_a_clock_that_differs_from_all_others_is_named(lab, seconds):
    lab.join("web1", "web2", "web3", "web4")
    lab.pass_time(80)
    set_back(lab, "web2", seconds)
    lab.pass_time(120)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("time.skew", "host:web2")


def test_a_clock_put_right_resolves_the_ticket(lab):
    lab.join("web1", "web2", "web3", "web4")
    set_back(lab, "web2", HOUR)
    lab.pass_time(60)
    set_back(lab, "web2", 0.0)
    lab.pass_time(60)
    assert lab.only_ticket().status is Status.RESOLVED


def test_where_all_agents_differ_it_is_the_clock_of_the_server(lab):
    """The server's own host keeps the server's time, and is alone with it."""
    lab.join("web1", "web2", "web3", "web4")
    for host in ("web2", "web3", "web4"):
        set_back(lab, host, HOUR)
    lab.pass_time(60)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("time.skew", f"host:{lab.server_host}")


def test_a_fault_right_after_the_clock_was_set_is_dated_by_the_servers_clock(lab):
    lab.join("web1", "web2", "web3", "web4")
    lab.pass_time(80)
    set_back(lab, "web2", HOUR)
    lab.pass_time(20)
    broke_at = lab.now
    lab.look("web2", "svc.process", SHOP, Reason.STOPPED)
    lab.look("web2", "svc.port", SHOP, Reason.REFUSED)
    lab.pass_time(60)
    (ticket,) = [each for each in lab.tickets() if each.entity == SHOP]
    assert ticket.onset == pytest.approx(broke_at, abs=10)
