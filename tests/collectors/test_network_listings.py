"""What ip, ss, netstat and nstat print, in their several forms."""

from __future__ import annotations

import pytest

from collectors.host import Host
from collectors.network import (
    ethtool_other,
    ip_output,
    ip_tables,
    protocol_counters,
    socket_listing,
    socket_summary,
)
from tests.collectors.conftest import about
from wire.judgement import Reason

BOX = Host("box", "/dev/null")
LINKS = """2: eth0: <{flags}> mtu 1500 qdisc mq state {state} group default qlen 1000
    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0
    RX:  bytes packets errors dropped  missed   mcast
    1000000000 1000000 {errors}       9       0       0
    TX:  bytes packets errors dropped carrier collsns
    1000000000 1000000      0       0       0       0
3: docker0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN
    link/ether 02:42:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 172.17.0.1/16 scope global docker0
4: eth9: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc mq state DOWN
    link/ether 52:54:00:12:34:57 brd ff:ff:ff:ff:ff:ff
"""


def links(flags="BROADCAST,MULTICAST,UP,LOWER_UP", state="UP", errors=0):
    ports = ip_output.parse(LINKS.format(flags=flags, state=state, errors=errors).encode())
    return ports, list(ip_output.judge(ports, BOX))


def test_a_used_port_without_carrier_is_found_an_unused_one_and_a_bridge_are_not():
    _, judgements = links(flags="NO-CARRIER,BROADCAST,MULTICAST,UP", state="DOWN")
    assert about(judgements, "net.link").subject == "nic:box/eth0"
    assert about(judgements, "net.link").reason is Reason.CARRIER


def test_an_ipv6_address_that_another_machine_has_is_told():
    text = LINKS.format(flags="UP,LOWER_UP", state="UP", errors=0)
    text += "    inet6 2001:db8::5/64 scope global dadfailed tentative\n"
    judgements = ip_output.judge(ip_output.parse(text.encode()), BOX)
    assert about(judgements, "net.duplicate").subject == "address:2001:db8::5"


@pytest.mark.parametrize(("errors", "reason"), [(0, Reason.OK), (50_000, Reason.ERRORS), (3, Reason.OK)])
def test_errors_count_by_their_share(errors, reason):
    assert about(links(errors=errors)[1], "net.link_errors").reason is reason


def test_addresses_and_counters_belong_to_their_interface():
    ports, _ = links()
    assert (ports[0].addresses, ports[0].rx["packets"], ports[0].rx["missed"]) == (["10.0.0.5/24"], 10**6, 0)
    assert ports[1].rx == {}


def test_routes_and_neighbours_are_read():
    told = ip_tables.parse(
        b"default via 10.0.0.1 dev eth0 proto dhcp metric 100\n10.0.0.0/24 dev eth0 scope link\n"
        b"unreachable 10.9.0.0/16\nfe80::1 dev eth0 lladdr 00:11:22:33:44:55 router STALE\n"
        b"10.0.0.9 dev eth0  FAILED\n"
    )
    facts = ip_tables.facts(told)
    assert facts["default_routes"] == [{"via": "10.0.0.1", "dev": "eth0", "proto": "dhcp", "metric": "100"}]
    assert [one["type"] for one in facts["routes"]] == ["unicast", "unicast", "unreachable"]
    assert facts["failed_neighbours"] == ["10.0.0.9"]


@pytest.mark.parametrize(
    "text",
    [
        'tcp   LISTEN 129    128          0.0.0.0:443       0.0.0.0:*    users:(("nginx",pid=1,fd=6))',
        'LISTEN 129    128          0.0.0.0:443       0.0.0.0:*    users:(("nginx",pid=1,fd=6))',
    ],
)
def test_a_full_queue_in_the_listing_of_ss_is_the_services(text):
    judgement = about(socket_listing.judge(socket_listing.parse(text.encode()), BOX), "tcp.listen_queue")
    assert (judgement.subject, judgement.reason) == ("service:box/nginx", Reason.FULL)


def test_states_are_counted_under_one_name():
    ss = "tcp ESTAB 0 0 1.1.1.1:22 2.2.2.2:5\ntcp TIME-WAIT 0 0 1.1.1.1:22 2.2.2.2:6\n"
    netstat = "tcp 0 0 1.1.1.1:22 2.2.2.2:5 ESTABLISHED 1/sshd\ntcp6 0 0 ::1:22 ::1:6 TIME_WAIT -\n"
    for text in (ss, netstat):
        found = socket_listing.facts(socket_listing.parse(text.encode()))
        assert found["states"] == {"ESTABLISHED": 1, "TIME_WAIT": 1}


@pytest.mark.parametrize(
    "text",
    [
        "Tcp:\n    100000 segments sent out\n    30000 segments retransmitted\n",
        "Tcp:\n    100000 segments send out\n    30000 segments retransmited\n",
        "#kernel\nTcpOutSegs                      100000             0.0\nTcpRetransSegs   30000   0.0\n",
        "Tcp: OutSegs RetransSegs\nTcp: 100000 30000\n",
    ],
)
def test_every_way_of_telling_retransmits_is_read(text):
    judgements = list(protocol_counters.judge(protocol_counters.parse(text.encode()), BOX))
    assert about(judgements, "tcp.retransmits").reason is Reason.LOSS


def test_the_table_of_netstat_i_is_read():
    text = "Kernel Interface table\nIface      MTU    RX-OK RX-ERR RX-DRP TX-OK\neth0  1500 10 2 0 7 BMRU\n"
    assert socket_summary.facts(socket_summary.parse(text.encode()))["interfaces"]["eth0"]["RX-ERR"] == 2


def test_a_program_with_a_blank_in_its_name_is_named_whole():
    text = "tcp 0 0 127.0.0.1:9 0.0.0.0:* LISTEN 995 115 12387/Passenger Rac  off (0.00/0/0)\n"
    text += "tcp 0 0 127.0.0.1:8 0.0.0.0:* LISTEN 995 116 12/httpd off (0.00/0/0)\n"
    facts = socket_listing.facts(socket_listing.parse(text.encode()))
    assert facts["programs"] == ["Passenger Rac", "httpd"]


def test_the_capabilities_of_a_port_are_no_complaint():
    text = "Time stamping parameters for e1:\n\nCapabilities:\n    software-receive  (SOF_RX_SOFTWARE)\n"
    facts = ethtool_other.facts(ethtool_other.parse(text.encode()))
    assert facts == {
        "head": "Time stamping parameters for e1",
        "Capabilities/software-receive": "SOF_RX_SOFTWARE",
    }


def test_errors_count_by_the_packets_of_their_own_direction():
    text = LINKS.replace("1000000000 1000000      0", "1000000000 99000000      0")
    text = text.format(flags="UP,LOWER_UP", state="UP", errors=200)
    assert (
        about(ip_output.judge(ip_output.parse(text.encode()), BOX), "net.link_errors").reason is Reason.ERRORS
    )


def test_a_bond_that_is_up_and_has_no_carrier_is_lost():
    text = "9: bond0: <NO-CARRIER,BROADCAST,MULTICAST,MASTER,UP> mtu 1500 qdisc noqueue state DOWN\n"
    judgement = about(ip_output.judge(ip_output.parse(text.encode()), BOX), "net.link")
    assert (judgement.subject, judgement.reason) == ("nic:box/bond0", Reason.CARRIER)


def test_the_counters_of_ipv6_are_read_as_the_kernel_shows_them():
    raw = b"Ip6InReceives             \t12\nIcmp6InErrors             \t0\nUdp6RcvbufErrors          \t3\n"
    assert protocol_counters.parse(raw) == {"Ip6_InReceives": 12, "Icmp6_InErrors": 0, "Udp6_RcvbufErrors": 3}
