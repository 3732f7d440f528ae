"""A task may name only what this host already has to do with."""

import pytest

from agent.looks.permitted import NotPermitted, Permitted
from agent.looks.tasks import as_known
from wire.inventory import Gateway, Inventory, Nic
from wire.target import (
    DnsTarget,
    HttpTarget,
    IcmpTarget,
    LocalTarget,
    NeighbourTarget,
    RouteTarget,
    TcpTarget,
    TlsTarget,
)

KNOWN = (
    HttpTarget(url="https://shop.lab/health?full=1", status=(204,), ca_file="/etc/ssl/lab.pem"),
    TcpTarget(host="db.lab", port=5432),
    DnsTarget(resolver="10.9.9.9", name="shop.lab", expect=("10.0.1.20",)),
)
INVENTORY = Inventory(
    host="web1",
    nics=(
        Nic(name="eth0", addresses=("10.0.1.11/24", "fe80::1/64")),
        Nic(name="wan", addresses=("8.8.0.1/8",)),
    ),
    gateways=(Gateway(address="10.0.1.1", interface="eth0"), Gateway(address="fe80::fe", interface="eth0")),
    resolvers=("10.0.0.2",),
)


def check(target):
    Permitted("web1", INVENTORY, KNOWN).check(target)


@pytest.mark.parametrize(
    "target",
    [
        *KNOWN,
        IcmpTarget("10.0.1.200"),
        IcmpTarget("10.0.2.1"),
        RouteTarget("192.168.7.7"),
        IcmpTarget("10.0.1.1"),
        IcmpTarget("10.0.0.2"),
        IcmpTarget("fe80::fe"),
        NeighbourTarget("10.0.1.7", "eth0"),
        TcpTarget("10.0.1.12", 80),
        TcpTarget("db.lab", 5433),
        TlsTarget("10.0.1.12", 443, "shop.lab"),
        DnsTarget("10.0.0.2", "any.name"),
        HttpTarget("http://10.0.1.12/"),
        LocalTarget("host:web1"),
        LocalTarget("fs:web1:/var"),
    ],
)
def test_the_known_and_the_near_are_permitted(target):
    check(target)


@pytest.mark.parametrize(
    "target",
    [
        HttpTarget("http://169.254.169.254/latest/meta-data/"),
        HttpTarget("http://169.254.169.254/"),
        HttpTarget("http://[::ffff:169.254.169.254]/"),
        HttpTarget("http://2852039166/"),
        HttpTarget("http://metadata.google.internal/"),
        HttpTarget("http://10.0.1.12/admin/reboot"),
        HttpTarget("http://10.0.1.12/?do=it"),
        HttpTarget("http://user:secret@10.0.1.12/"),
        HttpTarget("http://127.0.0.1:8080/"),
        HttpTarget("http://localhost/"),
        HttpTarget("https://shop.lab/health?full=1", ca_file="/etc/shadow"),
        TlsTarget("10.0.1.12", 443, ca_file="/etc/shadow"),
        TcpTarget("127.0.0.1", 22),
        TcpTarget("0.0.0.0", 22),
        TcpTarget("::1", 22),
        TcpTarget("evil.example", 22),
        TcpTarget("169.254.1.1", 80),
        TcpTarget("fe80::99%eth0", 80),
        TcpTarget("100.100.100.200", 80),
        TcpTarget("fd00:ec2::254", 80),
        IcmpTarget("1.1.1.1"),
        IcmpTarget("8.8.8.8"),
        IcmpTarget("224.0.0.1"),
        IcmpTarget("169.254.7.7"),
        IcmpTarget("127.0.0.2"),
        IcmpTarget("fd00:ec2::254"),
        TcpTarget("10.0.2.1", 22),
        TcpTarget("10.0.1.255", 22),
        DnsTarget("1.1.1.1", "a.b"),
        DnsTarget("10.0.1.12", "a.b"),
        LocalTarget("fs:web2:/var"),
        LocalTarget("segment:x"),
    ],
)
def test_everything_else_is_refused_with_a_reason(target):
    with pytest.raises(NotPermitted, match=r"."):
        check(target)


DOORS = [("203.0.113.7", 443), ("169.254.169.254", 80), ("127.0.0.1", 22), ("224.0.0.9", 80)]


def test_a_door_that_a_log_named_may_be_tried():
    Permitted("web1", INVENTORY, KNOWN, DOORS).check(TcpTarget("203.0.113.7", 443))


@pytest.mark.parametrize(
    "target",
    [
        TcpTarget("203.0.113.7", 22),
        TcpTarget("203.0.113.8", 443),
        HttpTarget("https://203.0.113.7/"),
        TlsTarget("203.0.113.7", 443),
        *(TcpTarget(*door) for door in DOORS[1:]),
    ],
)
def test_nothing_but_a_bare_connection_to_that_door_of_another_machine(target):
    with pytest.raises(NotPermitted, match=r"."):
        Permitted("web1", INVENTORY, KNOWN, DOORS).check(target)


def test_a_known_target_is_asked_as_it_was_configured():
    assert as_known("app.http", HttpTarget("https://shop.lab/health?full=1"), KNOWN) == KNOWN[0]
    assert as_known("app.http", HttpTarget("https://shop.lab/health"), KNOWN) == KNOWN[0]
    assert as_known("net.dns", DnsTarget("10.9.9.9", "localhost"), KNOWN) == KNOWN[2]


def test_another_record_is_not_replaced_by_the_configured_one():
    asked = DnsTarget("10.9.9.9", "other.lab")
    assert as_known("net.dns_record", asked, KNOWN) == asked
