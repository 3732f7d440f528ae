"""Network faults that show by a signal of their own are named by it."""

from __future__ import annotations

import pytest

from rules.catalogue import load_catalogue
from rules.models import Role
from wire.judgement import Reason


@pytest.mark.parametrize(
    ("signal", "subject", "reason", "fault"),
    [
        ("dhcp.offer", "segment:10.0.1.0/24", Reason.TIMEOUT, "dhcp.server.down"),
        ("dhcp.offer", "segment:10.0.1.0/24", Reason.EXHAUSTED, "dhcp.pool.exhausted"),
        ("dhcp.offer", "segment:10.0.1.0/24", Reason.DUPLICATE, "dhcp.rogue"),
        ("dns.zone", "zone:firm.lab", Reason.MISSING, "dns.zone.missing"),
        ("net.path_mtu", "address:10.0.9.9", Reason.WRONG, "net.mtu.blackhole"),
        ("tls.certificate", "endpoint:https://shop.lab", Reason.TLS_INCOMPLETE, "tls.chain.incomplete"),
        ("tls.certificate", "endpoint:https://shop.lab", Reason.TLS_KEY, "tls.key.mismatch"),
        ("tls.certificate", "endpoint:https://shop.lab", Reason.TLS_WEAK, "tls.protocol.mismatch"),
        ("tcp.conntrack", "host:web1", Reason.FULL, "tcp.conntrack.full"),
        ("tcp.ephemeral", "host:web1", Reason.EXHAUSTED, "tcp.ephemeral.exhausted"),
        ("tcp.timewait", "host:web1", Reason.FULL, "tcp.timewait.storm"),
        ("link.duplex", "nic:web1/eth0", Reason.WRONG, "net.duplex.mismatch"),
        ("dns.hosts", "host:web1", Reason.WRONG, "dns.cache.stale"),
        ("dns.client", "host:web1", Reason.WRONG, "dns.client.resolver_wrong"),
        ("dns.client", "host:web1", Reason.TIMEOUT, "dns.client.resolver_wrong"),
        ("ip.netmask", "host:web1", Reason.WRONG, "ip.netmask.wrong"),
        ("net.rpfilter", "host:web1", Reason.ERRORS, "ip.rpfilter.asymmetric"),
        ("link.queue", "nic:web1/eth0", Reason.SATURATED, "net.link.saturated"),
        ("net.checksums", "nic:web1/eth0", Reason.ERRORS, "net.link.corrupt"),
        ("tcp.reordering", "nic:web1/eth0", Reason.ERRORS, "net.link.reorder"),
        ("snmp.interface", "nic:sw1/Gi1", Reason.STOPPED, "net.link.down"),
    ],
)
def test_its_own_signal_names_it(world, signal, subject, reason, fault):
    world.alive()
    world.see("web1", signal, subject, reason, [(Role.SELF, subject), (Role.OBSERVER, "host:web1")])
    [found] = world.infer()
    assert (found.root.fault, found.root.entity) == (fault, subject)


def test_several_places_outside_that_are_lost_together_are_the_uplink(world):
    world.alive()
    for observer in ("web1", "db1"):
        for far in ("198.51.100.7", "203.0.113.9"):
            beyond = [(Role.PATH, "gateway:10.0.1.1"), (Role.PATH, "site:bj1"), (Role.PATH, f"address:{far}")]
            subject = f"address:{far}"
            world.see(observer, "net.icmp", subject, Reason.TIMEOUT, [(Role.SELF, subject), *beyond])
    world.ping("web1", "db1", at=8.0)
    world.ping("db1", "web1", at=8.0)
    [found] = world.infer()
    assert (found.root.fault, found.root.entity) == ("net.uplink.down", "site:bj1")


def test_what_explains_the_first_steps_of_a_signal_explains_those_of_one_that_begins_like_it():
    faults = load_catalogue().faults
    found = {one.signal: one for one in faults["host.down"].symptoms if one.on is Role.HOST}
    shared = set(found["net.tcp"].reason) if "net.tcp" in found else set()
    assert shared <= set(found["app.greeting"].reason) if shared else "app.greeting" not in found


def test_what_is_said_of_a_signal_itself_is_not_said_twice():
    for fault in load_catalogue().faults.values():
        said = [(one.signal, one.on, reason) for one in fault.symptoms for reason in one.reason]
        begins = [one for one in said if one[0] in {"app.greeting", "app.websocket", "dns.tcp"}]
        assert len(begins) == len(set(begins)), fault.id
