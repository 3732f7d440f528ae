"""What arrives with checksums that do not fit, in the kernel's own words."""

from __future__ import annotations

import pytest

from collectors.network import checksums
from wire.judgement import Reason

TEXT = "Tcp: InErrs InCsumErrors\nTcp: 9 {}\nUdp: InDatagrams InCsumErrors\nUdp: 900 0\n"


def interface(tree, name, carrier="1"):
    for file, text in {"flags": "0x1003", "type": "1", "ifindex": "2", "carrier": carrier}.items():
        tree.write(f"/sys/class/net/{name}/{file}", text)


def read(tree, later):
    host = tree.host()
    for count in (10, later):
        tree.write("/proc/net/netstat", "")
        tree.write("/proc/net/snmp", TEXT.format(count))
        (judged,) = checksums.read(host)
        tree.clock.pass_by(15)
    return judged


@pytest.mark.parametrize(("later", "reason"), [(10, Reason.OK), (12, Reason.OK), (25, Reason.ERRORS)])
def test_damage_is_judged_by_how_much_there_is_a_second(tree, later, reason):
    interface(tree, "eth0")
    assert read(tree, later).reason is reason


def test_the_only_way_in_is_where_it_came_in(tree):
    interface(tree, "eth0")
    interface(tree, "eth1", carrier="0")
    assert read(tree, 25).subject == "nic:box/eth0"


def test_of_several_ways_in_the_kernel_does_not_say_which(tree):
    interface(tree, "eth0")
    interface(tree, "eth1")
    assert read(tree, 25).subject == "host:box"
