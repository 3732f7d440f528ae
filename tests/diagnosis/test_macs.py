"""Hardware addresses are compared among the hosts on one link: to each its own card looks well."""

from __future__ import annotations

import pytest

from rules.topology.book import mac_of
from server.desk.states import Status
from wire.inventory import Nic


def mac(lab, host, address):
    agent = lab.agents[host]
    agent.mac = address
    lab.send(agent, inventory=True)


def test_a_card_with_the_address_of_another_is_named_and_its_correction_resolves_it(lab):
    lab.join("web1", "web2", "web3")
    own = lab.agents["web2"].mac
    mac(lab, "web2", lab.agents["web1"].mac)
    lab.pass_time(40)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("net.mac.duplicate", "nic:web2/eth0")
    mac(lab, "web2", own)
    lab.pass_time(40)
    assert lab.only_ticket().status is Status.RESOLVED


def test_a_correction_after_a_restart_of_the_server_resolves_it(lab):
    lab.join("web1", "web2", "web3")
    own = lab.agents["web2"].mac
    mac(lab, "web2", lab.agents["web1"].mac)
    lab.pass_time(40)
    lab.restart()
    lab.pass_time(20)
    assert lab.only_ticket().status is Status.NEW
    mac(lab, "web2", own)
    lab.pass_time(60)
    assert lab.only_ticket().status is Status.RESOLVED


def test_a_machine_under_another_name_is_not_another_machine(lab):
    lab.join("web1", "web2", "web3")
    lab.agents["web3"].boot = lab.agents["web1"].boot = "the-same"
    lab.send(lab.agents["web1"], inventory=True)
    mac(lab, "web3", lab.agents["web1"].mac)
    lab.pass_time(40)
    assert lab.tickets() == []


@pytest.mark.parametrize(
    ("kind", "address"), [("ipvlan", "02:00:00:00:00:01"), ("macvlan", "00:00:5e:00:01:07")]
)
def test_what_several_have_by_design_is_nobodys_own(kind, address):
    assert mac_of(Nic(name="eth0", kind=kind, mac=address)) == ""
