"""A host that has another address than that at which it is looked for sees nothing wrong with itself."""

from __future__ import annotations

import pytest

from server.desk.states import Status
from wire.judgement import Path, Reason

OLD, NEW = "10.0.0.11", "10.0.0.111"


@pytest.fixture
def site(lab):
    lab.join("web1", "web2", "web3")
    renumber(lab, OLD)
    ask(lab, OLD)
    lab.pass_time(30)
    return lab


def renumber(lab, address):
    lab.agents["web1"].address = address
    lab.send(lab.agents["web1"], inventory=True)


def ask(lab, address, reason=Reason.OK):
    """Two others want a page of web1 by its name, which leads to this address."""
    for host in ("web2", "web3"):
        way = Path(interface="eth0", source=lab.agents[host].address, address=address, port=80)
        lab.look(host, "app.http", "endpoint:http://web1", reason, path=way)


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.REFUSED, Reason.STATUS])
def test_it_is_named_whatever_answers_at_the_old_one_and_the_correction_resolves_it(site, reason):
    renumber(site, NEW)
    ask(site, OLD, reason)
    site.pass_time(60)
    ticket = site.only_ticket()
    assert (ticket.fault, ticket.entity) == ("ip.address.missing", "host:web1")
    renumber(site, OLD)
    ask(site, OLD)
    site.pass_time(60)
    assert site.only_ticket().status is Status.RESOLVED


def test_a_record_that_follows_the_new_address_resolves_it_too(site):
    renumber(site, NEW)
    ask(site, OLD, Reason.TIMEOUT)
    site.pass_time(60)
    ask(site, NEW)
    site.pass_time(60)
    assert site.only_ticket().status is Status.RESOLVED


def test_a_new_address_that_everybody_follows_is_nobodys_business(site):
    renumber(site, NEW)
    ask(site, NEW)
    site.pass_time(60)
    assert site.tickets() == []


def test_an_address_that_nobody_sought_for_long_was_meant_to_be_lost(site):
    renumber(site, NEW)
    ask(site, NEW)
    site.pass_time(1000)
    ask(site, OLD, Reason.TIMEOUT)
    site.pass_time(60)
    assert "ip.address.missing" not in {ticket.fault for ticket in site.tickets()}


def test_who_still_asks_where_it_was_is_behind_when_its_name_has_followed(site):
    site.join("web4")
    old = Path(interface="eth0", source=site.agents["web4"].address, address=OLD, port=80)
    site.look("web4", "net.tcp", "endpoint:tcp://10.0.0.11:80", path=old)
    site.pass_time(20)
    renumber(site, NEW)
    ask(site, OLD, Reason.TIMEOUT)
    site.pass_time(2)
    ask(site, NEW)
    site.look("web4", "net.tcp", "endpoint:tcp://10.0.0.11:80", Reason.UNREACHABLE, path=old)
    site.pass_time(60)
    ticket = site.only_ticket()
    assert (ticket.fault, ticket.entity) == ("dns.cache.stale", "host:web4")


def test_a_router_that_lost_the_address_at_which_it_is_the_gateway_is_named(site):
    def move(address):
        site.agents["gw"].address = address
        site.send(site.agents["gw"], inventory=True)

    def ask_beyond(reason=Reason.OK):
        for host in ("web2", "web3"):
            source = site.agents[host].address
            way = Path(interface="eth0", source=source, gateway="10.0.0.254", address="10.9.0.1")
            site.look(host, "net.icmp", "address:10.9.0.1", reason, path=way)

    site.join("gw")
    move("10.0.0.254")
    ask_beyond()
    site.pass_time(20)
    move("10.0.0.99")
    ask_beyond(Reason.TIMEOUT)
    site.pass_time(60)
    ticket = site.only_ticket()
    assert (ticket.fault, ticket.entity) == ("ip.address.missing", "host:gw")
