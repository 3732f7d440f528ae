"""What is discovered of a host, from files and from real sockets."""

from __future__ import annotations

import os
import socket

import pytest

from collectors.discovery import discover
from collectors.discovery.access import denied
from collectors.discovery.endpoints import endpoints
from collectors.discovery.gateways import gateways
from collectors.discovery.resolvers import resolvers
from collectors.discovery.storage import mounts
from collectors.discovery.time_sources import time_sources
from collectors.host import Host
from collectors.services.listening import Door, Service
from tests.collectors.conftest import inside
from wire.codec import decode, encode
from wire.inventory import Inventory

SERVER = """
import os, socket, sys
door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if len(sys.argv) > 2:
    kept = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    file = open(sys.argv[3], "w")
print("ready", flush=True)
sys.stdin.read()
"""
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth1\t00000000\tFE02000A\t0003\t0\t0\t200\t00000000\t0\t0\t0
eth0\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
ARP = """IP address       HW type     Flags       HW address            Mask     Device
10.0.2.1         0x1         0x2         02:00:00:00:00:01     *        eth0
"""
ROUTE6 = (
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n"
)
NGINX = """
http {
  # server_name not.this;
  include sites/*.conf;
}
"""
SITE = """
server { listen 80; server_name shop.example _; location / { return 200; } }
server { listen 443 ssl; listen [::]:443 ssl; server_name shop.example; }
server { listen 8443 ssl; server_name closed.example; }
"""


def test_the_best_gateway_comes_first_with_its_mac(tree):
    tree.write("/proc/net/route", ROUTES)
    tree.write("/proc/net/arp", ARP)
    tree.write("/proc/net/ipv6_route", ROUTE6)
    found = [(one.address, one.interface, one.mac) for one in gateways(tree.host())]
    assert found == [
        ("10.0.2.1", "eth0", "02:00:00:00:00:01"),
        ("10.0.2.254", "eth1", ""),
        ("fe80::1", "eth0", ""),
    ]


@pytest.mark.parametrize(
    ("own", "upstream", "found"),
    [
        ("nameserver 10.0.0.2\nnameserver 10.0.0.3\n", "", ["10.0.0.2", "10.0.0.3"]),
        ("nameserver 127.0.0.53\n", "nameserver 192.168.1.1\n", ["192.168.1.1"]),
        ("nameserver 127.0.0.53\n", "", ["127.0.0.53"]),
        ("# nothing\nnameserver not-an-address\nnameserver\n", "", []),
    ],
)
def test_the_resolvers_are_those_that_really_answer(tree, own, upstream, found):
    tree.write("/etc/resolv.conf", own)
    tree.write("/run/systemd/resolve/resolv.conf", upstream)
    assert resolvers(tree.host()) == found


def test_time_sources_of_every_daemon_are_found_once(tree):
    tree.write("/etc/chrony/chrony.conf", "pool a.example iburst\n#server no.example\nserver 10.0.0.1\n")
    tree.write("/etc/chrony/sources.d/local.sources", "server 10.0.0.1 iburst\n")
    tree.write("/etc/systemd/timesyncd.conf", "[Time]\nNTP=b.example c.example\n#FallbackNTP=d.example\n")
    assert time_sources(tree.host()) == ["a.example", "10.0.0.1", "b.example", "c.example"]


def test_a_partition_leads_to_its_disk(tree):
    tree.write("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    tree.write("/sys/devices/pci/sda/sda1/partition", "1\n")
    (tree.root / "sys/dev/block").mkdir(parents=True)
    (tree.root / "sys/dev/block/8:1").symlink_to("../../devices/pci/sda/sda1")
    (tree.root / "sys/class/block").mkdir(parents=True)
    (tree.root / "sys/class/block/sda1").symlink_to("../../devices/pci/sda/sda1")
    assert [(one.point, one.device, one.disk) for one in mounts(tree.host())] == [("/", "/dev/sda1", "sda")]


def test_nginx_serves_the_names_it_was_told_on_the_ports_it_has(tree):
    tree.write("/etc/nginx/nginx.conf", NGINX)
    tree.write("/etc/nginx/sites/shop.conf", SITE)
    tree.write("/proc/9/cmdline", "nginx: master process nginx\0")
    doors = tuple(Door("tcp", port, ("0.0.0.0",), 0) for port in (80, 443))
    nginx = Service("nginx", "nginx.service", "", "nginx", 9, (9,), 60.0, True, False, doors)
    found = [(one.url, one.service) for one in endpoints(tree.host(), [nginx])]
    assert found == [("http://shop.example", "nginx"), ("https://shop.example", "nginx")]


def test_a_connection_and_a_store_of_a_real_service_are_learnt(start, tmp_path, host):
    with socket.create_server(("127.0.0.1", 0)) as database:
        goal = database.getsockname()[1]
        start(tmp_path / "kiosk.py", SERVER, "29871", str(goal), str(tmp_path / "orders"))
        inventory = discover(host)
    assert ("kiosk", "127.0.0.1", goal) in [
        (one.service, one.address, one.port) for one in inventory.connections
    ]
    assert "kiosk" in {one.service for one in inventory.stores}
    assert ("kiosk", 29871) in {(one.service, one.port) for one in inventory.listeners}


WORKER = """
import os, socket, sys
ours, theirs = os.pipe()
if os.fork():
    os.close(ours)
    os.wait()
    sys.stdin.read()  # the worker ends with us
elif os.fork():
    os._exit(0)
os.setsid()
os.close(theirs)
door = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
os.read(ours, 1)
"""


def test_a_daemon_on_which_nothing_listens_has_its_connections_too(start, tmp_path, host):
    with socket.create_server(("127.0.0.1", 0)) as queue:
        goal = queue.getsockname()[1]
        start(tmp_path / "worker.py", WORKER, str(goal))
        found = {(one.service, one.port) for one in discover(host).connections}
    assert ("worker", goal) in found


def test_a_port_that_the_kernel_gave_to_whoever_asked_is_no_service(start, tmp_path, host):
    start(tmp_path / "passing.py", SERVER, "0")
    assert "passing" not in {one.service for one in discover(host).listeners}


def test_what_is_discovered_here_can_travel(host):
    inventory = discover(host)
    assert decode(encode(inventory), Inventory) == inventory
    assert inventory.boot_id
    assert inventory.kernel


def test_an_empty_machine_is_discovered_without_a_fault(tree):
    assert discover(tree.host()).listeners == ()


def test_what_may_not_be_read_is_said_with_the_words_that_grant_it(tree):
    assert [bool(one.grant) for one in denied(tree.host())] == [True, True, True]


def test_root_is_denied_nothing_of_processes(host):
    if os.geteuid() != 0:
        pytest.skip("not root")
    assert not [one for one in denied(host) if "processes" in one.what]


@pytest.mark.root
def test_interfaces_have_their_addresses_and_kinds(namespaces):
    namespaces.add("near")
    namespaces.add("far")
    namespaces.veth("near", "eth0", "far", "eth1")
    namespaces.run("near", "ip", "address", "add", "10.9.0.1/24", "dev", "eth0")
    from collectors.discovery.nics import nics

    (nic,) = inside(namespaces.full("near"), lambda: list(nics(Host("box"))))
    assert (nic.name, nic.kind, nic.addresses) == ("eth0", "veth", ("10.9.0.1/24",))
