"""Agents are told whom to ping, once, over real sockets."""

from __future__ import annotations

import time

from wire.codec import fingerprint
from wire.exchange import Ack
from wire.inventory import Gateway, Inventory, Nic

WAIT = 200.0


def inventory(host: str, address: str) -> Inventory:
    nic = Nic(name="eth0", addresses=(f"{address}/24", "172.17.0.1/16"))
    return Inventory(host=host, nics=(nic,), gateways=(Gateway(address="10.7.0.254", interface="eth0"),))


def told(agent, before: str = "") -> Ack:
    """The first answer that says whom to ping."""
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        ack = agent.send(agent.batch(heartbeat=agent.beat(peers=before)))
        if ack.peers is not None:
            return ack
        time.sleep(0.2)
    raise AssertionError("nobody was named")


def test_agents_are_told_each_others_addresses_until_they_know_them(server) -> None:
    agents = {f"10.7.0.{number}": server.enroll(f"mesh{number}") for number in (1, 2, 3)}
    for address, agent in agents.items():
        agent.send(agent.batch(inventory=inventory(agent.host, address)))
    first = agents["10.7.0.1"]
    peers = told(first).peers
    while peers is not None and len(peers) < 2:
        peers = told(first, fingerprint(peers)).peers
    assert peers == ("10.7.0.2", "10.7.0.3")
    assert first.send(first.batch(heartbeat=first.beat(peers=fingerprint(peers)))).peers is None


def test_a_revoked_agents_host_is_pinged_no_longer(server) -> None:
    one, other = server.enroll("left1"), server.enroll("left2")
    one.send(one.batch(inventory=inventory(one.host, "10.8.0.1")))
    other.send(other.batch(inventory=inventory(other.host, "10.8.0.2")))
    peers = told(one).peers or ()
    while "10.8.0.2" not in peers:  # it is told as often as more are known
        peers = told(one, fingerprint(peers)).peers or ()
    assert server.delete(f"/api/v1/agents/{other.id}").status_code == 204
    while "10.8.0.2" in peers:
        peers = told(one, fingerprint(peers)).peers or ()
    assert "10.8.0.2" not in peers
