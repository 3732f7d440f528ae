"""Netmasks are compared among the hosts behind one gateway: nobody sees his own to be wrong."""

from __future__ import annotations

import pytest

from server.desk.states import Status


def mask(lab, host, prefix):
    agent = lab.agents[host]
    agent.prefix = prefix
    lab.send(agent, inventory=True)


@pytest.mark.parametrize("prefix", [16, 8])
def test_a_mask_unlike_that_of_the_others_is_named_and_its_correction_resolves_it(lab, prefix):
    lab.join("web1", "web2", "web3", "web4")
    mask(lab, "web2", prefix)
    lab.pass_time(40)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("ip.netmask.wrong", "host:web2")
    mask(lab, "web2", 24)
    lab.pass_time(40)
    assert lab.only_ticket().status is Status.RESOLVED


def test_a_mask_too_narrow_to_hold_the_gateway_is_named(lab):
    lab.join("web1", "web2", "web3", "web4")
    mask(lab, "web2", 28)
    lab.pass_time(40)
    assert lab.only_ticket().entity == "host:web2"


def test_an_address_that_is_no_link_of_its_own_has_no_mask_to_compare(lab):
    lab.join("web1", "web2", "web3", "web4")
    mask(lab, "web2", 32)
    lab.pass_time(40)
    assert lab.tickets() == []


def test_the_others_are_still_known_after_a_restart_of_the_server(lab):
    lab.join("web1", "web2", "web3", "web4")
    lab.pass_time(10)
    lab.restart()
    mask(lab, "web2", 16)
    lab.pass_time(40)
    assert lab.only_ticket().entity == "host:web2"


def test_of_two_hosts_that_differ_neither_is_wrong(lab):
    lab.join("web1", "web2")
    mask(lab, "web2", 16)
    lab.pass_time(40)
    assert lab.tickets() == []


def test_half_against_half_decides_nothing(lab):
    lab.join("web1", "web2")
    mask(lab, "web1", 16)
    mask(lab, "web2", 16)
    lab.join("web3", "web4")
    lab.pass_time(40)
    assert lab.tickets() == []
