"""What the reverse-path filter drops, in the kernel's own words."""

from __future__ import annotations

import pytest

from collectors.network import reverse_path
from wire.judgement import Reason

TEXT = "TcpExt: SyncookiesSent IPReversePathFilter\nTcpExt: 0 {}\nIpExt: InNoRoutes\nIpExt: 0\n"


@pytest.mark.parametrize(("later", "reason"), [(100, Reason.OK), (102, Reason.OK), (160, Reason.ERRORS)])
def test_drops_are_judged_by_how_many_there_are_a_second(tree, later, reason):
    host = tree.host()
    for count in (100, later):
        tree.write("/proc/net/netstat", TEXT.format(count))
        tree.write("/proc/net/snmp", "")
        (judged,) = reverse_path.read(host)
        tree.clock.pass_by(15)
    assert (judged.subject, judged.reason) == ("host:box", reason)


def test_a_pause_in_the_drops_is_no_recovery_before_a_minute_is_over(tree):
    host = tree.host()
    tree.write("/proc/net/snmp", "")
    said = []
    for count in (100, 100, 100, 100, 100, 160, 160, 160, 160, 160, 160):
        tree.write("/proc/net/netstat", TEXT.format(count))
        (judged,) = reverse_path.read(host)
        said.append(judged.reason)
        tree.clock.pass_by(15)
    assert said == [Reason.OK] * 5 + [Reason.ERRORS] * 4 + [Reason.OK] * 2


def test_a_kernel_without_the_counter_is_silent(tree):
    tree.write("/proc/net/netstat", "TcpExt: SyncookiesSent\nTcpExt: 0\n")
    tree.write("/proc/net/snmp", "")
    assert list(reverse_path.read(tree.host())) == []
