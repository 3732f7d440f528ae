"""A changed address, route or resolver is noticed without a new discovery."""

import asyncio
import sys

import pytest

from agent.looks.surroundings import changed, surroundings
from collectors.host import Host


@pytest.fixture
def host(tmp_path):
    for path, text in (
        ("proc/net/route", "eth0 0 0101000A\n"),
        ("proc/net/fib_trie", "Local:\n |-- 10.0.0.11\n /32 host LOCAL\n"),
        ("proc/net/ipv6_route", "00 00 00 00 00 00000400 00000005 00000009 00000001 eth0\n"),
        ("etc/resolv.conf", "nameserver 10.0.0.2\n"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return Host("web1", root=str(tmp_path))


def test_a_use_counter_is_no_change(host, tmp_path):
    before = surroundings(host)
    path = tmp_path / "proc/net/ipv6_route"
    path.write_text(path.read_text().replace("00000005 00000009", "00000006 0000000a"))
    assert surroundings(host) == before


@pytest.mark.parametrize("path", ["proc/net/route", "proc/net/fib_trie", "etc/resolv.conf"])
def test_a_change_ends_the_wait(host, tmp_path, path):
    before = surroundings(host)
    (tmp_path / path).write_text("something else\n")
    assert asyncio.run(changed(host, before, 60))


@pytest.mark.root
def test_an_address_in_place_of_another_of_its_network_is_a_change(namespaces):
    namespaces.add("box")
    namespaces.add("next")
    look = "from agent.looks.surroundings import surroundings as s; from collectors.host import Host"
    change = "ip address del 10.1.0.8/24 dev eth0 && ip address add 10.1.0.9/24 dev eth0"
    again = (
        f"import subprocess; h = Host('box'); a = s(h); subprocess.run({change!r}, shell=True, check=True)"
    )
    namespaces.veth("box", "eth0", "next", "eth0")
    namespaces.run("box", "ip", "address", "add", "10.1.0.8/24", "dev", "eth0")
    said = namespaces.run(
        "box", sys.executable, "-c", f"{look}; {again}; b = s(h); print(a[0] == b[0], a == b)"
    )
    assert said.split() == ["True", "False"]
