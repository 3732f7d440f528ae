"""Segments that were overtaken, by the kernel's own count of them."""

from __future__ import annotations

import pytest

from collectors.network import reordering
from wire.judgement import Reason

NETSTAT = "TcpExt: TCPSACKReorder TCPDSACKRecv\nTcpExt: {} {}\n"
SNMP = "Tcp: RetransSegs OutSegs\nTcp: {} {}\n"


def looks(tree, sent, overtaken, needless=0, twice=0):
    """The reason of each look, the counters growing by as much each time."""
    for file, text in {"flags": "0x1003", "type": "1", "ifindex": "2", "carrier": "1"}.items():
        tree.write(f"/sys/class/net/eth0/{file}", text)
    host, reasons = tree.host(), []
    for number in range(5):
        tree.write("/proc/net/netstat", NETSTAT.format(number * overtaken, number * needless))
        tree.write("/proc/net/snmp", SNMP.format(number * twice, number * sent))
        reasons += [one.reason for one in reordering.read(host)]
        tree.clock.pass_by(15)
    return reasons


@pytest.mark.parametrize(
    ("sent", "overtaken", "reason"),
    [(1000, 0, Reason.OK), (1000, 4, Reason.OK), (100_000, 600, Reason.OK), (1000, 60, Reason.ERRORS)],
)
def test_what_lasts_is_judged_by_its_share_and_number(tree, sent, overtaken, reason):
    assert looks(tree, sent, overtaken) == [Reason.OK, Reason.OK, reason, reason]


# Ten seconds of one connection on Linux 6.18: every seventh packet 30 ms late, and every seventh lost.
@pytest.mark.parametrize(
    ("sent", "twice", "needless", "reason"), [(747, 125, 123, Reason.ERRORS), (661, 124, 0, Reason.OK)]
)
def test_what_was_sent_again_for_nothing_tells_overtaking_from_loss(tree, sent, twice, needless, reason):
    assert looks(tree, sent, 0, needless, twice)[-1] is reason


def test_a_kernel_without_the_counters_is_silent(tree):
    tree.write("/proc/net/netstat", "")
    tree.write("/proc/net/snmp", SNMP.format(0, 1))
    assert list(reordering.read(tree.host())) == []
