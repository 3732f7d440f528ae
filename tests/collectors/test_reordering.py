"""Segments that were overtaken, by the kernel's own count of them."""

from __future__ import annotations

import pytest

from collectors.network import reordering
from wire.judgement import Reason

NETSTAT = "TcpExt: TCPSACKReorder TCPTSReorder\nTcpExt: {} 0\n"
SNMP = "Tcp: InSegs OutSegs\nTcp: 0 {}\n"


def looks(tree, sent, overtaken):
    """The reason of each look, the counters growing by as much each time."""
    for file, text in {"flags": "0x1003", "type": "1", "ifindex": "2", "carrier": "1"}.items():
        tree.write(f"/sys/class/net/eth0/{file}", text)
    host, reasons = tree.host(), []
    for number in range(5):
        tree.write("/proc/net/netstat", NETSTAT.format(number * overtaken))
        tree.write("/proc/net/snmp", SNMP.format(number * sent))
        reasons += [one.reason for one in reordering.read(host)]
        tree.clock.pass_by(15)
    return reasons


@pytest.mark.parametrize(
    ("sent", "overtaken", "reason"),
    [(1000, 0, Reason.OK), (1000, 4, Reason.OK), (100_000, 600, Reason.OK), (1000, 60, Reason.ERRORS)],
)
def test_what_lasts_is_judged_by_its_share_and_number(tree, sent, overtaken, reason):
    assert looks(tree, sent, overtaken) == [Reason.OK, Reason.OK, reason, reason]


def test_a_kernel_without_the_counters_is_silent(tree):
    tree.write("/proc/net/netstat", "")
    tree.write("/proc/net/snmp", SNMP.format(1))
    assert list(reordering.read(tree.host())) == []
