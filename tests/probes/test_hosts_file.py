"""A line that appears in the hosts file and contradicts the resolver; dnsmasq is the real one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from probes.names import dns
from wire.judgement import Reason, Verdict
from wire.target import DnsTarget


@pytest.fixture
def hosts(net):
    Path(net.root, "etc", "resolv.conf").write_text("nameserver 127.0.0.1\n")
    file = Path(net.root, "etc", "hosts")
    file.write_text("127.0.0.1 localhost\n10.0.0.7 old.lab\n")
    return file


def said(net, port):
    target = DnsTarget("127.0.0.1", "shop.lab", port=port)
    return [each for each in asyncio.run(dns.ask(target, net)) if each.signal == "dns.hosts"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("10.0.0.9 shop.lab", Reason.WRONG), ("10.0.0.1 shop.lab", Reason.OK), ("10.0.0.9 my.lab", Reason.OK)],
)
def test_a_new_line_is_wrong_where_the_resolver_knows_the_name_by_another_address(
    net, hosts, resolver, line, reason
):
    said(net, resolver)
    hosts.write_text(f"{hosts.read_text()}{line}\n")
    (judged,) = said(net, resolver)
    assert (judged.subject, judged.reason) == ("host:here", reason)


def test_a_contradiction_that_was_there_from_the_beginning_is_meant_so(net, hosts, resolver):
    hosts.write_text("10.0.0.9 shop.lab\n")
    assert [said(net, resolver)[0].verdict for _ in range(2)] == [Verdict.PASS] * 2


def test_it_passes_again_once_the_line_is_gone(net, hosts, resolver):
    said(net, resolver)
    before = hosts.read_text()
    hosts.write_text(f"{before}10.0.0.9 shop.lab\n")
    assert said(net, resolver)[0].verdict is Verdict.FAIL
    hosts.write_text(before)
    assert said(net, resolver)[0].verdict is Verdict.PASS


def test_nothing_is_said_where_the_settings_name_another_resolver(net, hosts, resolver):
    Path(net.root, "etc", "resolv.conf").write_text("nameserver 127.0.0.2\n")
    assert said(net, resolver) == []
