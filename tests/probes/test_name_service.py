"""What nsswitch.conf and resolv.conf say of whom a host asks; dnsmasq is the real resolver."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from probes.names import dns
from probes.names.resolve import ResolveFailed, resolve, resolvers
from wire.judgement import Reason
from wire.target import DnsTarget


@pytest.fixture
def settings(net):
    folder = Path(net.root, "etc")
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (folder / "hosts").write_text("127.0.0.1 localhost\n10.0.0.7 known.lab\n")
    return folder


@pytest.mark.parametrize(
    ("hosts", "asked"),
    [
        ("files dns", True),
        ("files mdns4_minimal [NOTFOUND=return] dns myhostname", True),
        ("files resolve [!UNAVAIL=return]", True),
        ("sss files", True),
        ("files", False),
        ("files myhostname  # hardened", False),
        ("", True),
    ],
)
def test_who_is_asked_for_a_name_is_what_the_name_service_switch_says(net, settings, hosts, asked):
    (settings / "nsswitch.conf").write_text(f"passwd: files\nhosts: {hosts}\n")
    assert bool(resolvers(net.root)) is asked


def test_a_name_that_no_name_server_is_asked_for_says_which_setting_it_is(net, settings):
    (settings / "nsswitch.conf").write_text("hosts: files\n")
    assert asyncio.run(resolve("known.lab", net.root, 1.0)).addresses == ("10.0.0.7",)
    with pytest.raises(ResolveFailed) as failed:
        asyncio.run(resolve("shop.lab", net.root, 1.0))
    assert "nsswitch.conf" in failed.value.evidence["error"]


@pytest.mark.parametrize(("file", "text"), [("nsswitch.conf", "hosts: files\n"), ("resolv.conf", "")])
def test_a_host_that_asks_nobody_any_longer_is_wrong_itself(net, settings, resolver, file, text):
    target = DnsTarget("127.0.0.1", "shop.lab", port=resolver)
    asyncio.run(dns.ask(target, net))
    (settings / file).write_text(text)
    judged = [each for each in asyncio.run(dns.ask(target, net)) if each.signal == "dns.client"]
    assert [(each.subject, each.reason) for each in judged] == [("host:here", Reason.WRONG)]
