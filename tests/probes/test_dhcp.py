"""DHCP servers on a link: dnsmasq is the real one, alone, with a stranger, without addresses, and away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wire.judgement import Reason, Verdict
from wire.target import DhcpTarget

ROOT = Path(__file__).parents[2]


@pytest.fixture
def offering(lan, serve, tmp_path):
    """Starts a server in a namespace, with this range and these options."""

    def start(name: str, range_: str, *options: str) -> None:
        quiet = ("--no-daemon", "--port=0", "--conf-file=/dev/null", "--user=root", "--bind-interfaces")
        place = (
            "--interface=eth0",
            f"--dhcp-leasefile={tmp_path}/{name}.leases",
            f"--pid-file={tmp_path}/{name}",
        )
        serve(*lan.spaces.argv(name, "dnsmasq", *quiet, *place, f"--dhcp-range={range_},1h", *options))
        lan.wait(name, "ss -Hlun sport = :67 | grep -q .")

    return start


def about(judgements, signal="dhcp.offer"):
    (found,) = [each for each in judgements if each.signal == signal]
    return found


POOL = "10.99.0.100,10.99.0.150"


@pytest.mark.root
def test_a_server_that_offers_passes(lan, offering):
    offering("gw", POOL)
    judged = about(lan.ask("dhcp", DhcpTarget("eth0")))
    assert (judged.verdict, judged.value) == (Verdict.PASS, 1.0)
    assert judged.subject == "segment:10.99.0.0/24"
    assert "by 10.99.0.254" in str(judged.evidence["offers"])


@pytest.mark.root
def test_a_second_server_that_leads_elsewhere_is_named_with_its_hardware_address(lan, offering):
    offering("gw", POOL)
    stranger = [lambda: offering("h2", POOL, "--dhcp-option=3,10.99.0.2")]
    judged = about(lan.ask("dhcp", DhcpTarget("eth0"), then=stranger))
    mac = lan.run("h2", "cat", "/sys/class/net/eth0/address").strip()
    assert (judged.verdict, judged.reason) == (Verdict.FAIL, Reason.DUPLICATE)
    assert judged.evidence["strangers"] == f"10.99.0.2 ({mac})"


@pytest.mark.root
def test_a_second_server_that_gives_the_same_is_no_stranger(lan, offering):
    offering("gw", POOL, "--dhcp-option=3,10.99.0.254")
    second = [lambda: offering("h2", POOL, "--dhcp-option=3,10.99.0.254")]
    judged = about(lan.ask("dhcp", DhcpTarget("eth0"), then=second))
    assert (judged.verdict, judged.value) == (Verdict.PASS, 2.0)


@pytest.mark.root
def test_a_server_that_nobody_allowed_is_a_stranger_from_the_first_look(lan, offering):
    offering("h2", POOL)
    judged = about(lan.ask("dhcp", DhcpTarget("eth0", servers=("10.99.0.254",))))
    assert judged.reason is Reason.DUPLICATE


@pytest.mark.root
def test_a_server_without_an_address_left_is_exhausted(lan, offering):
    offering("gw", "10.99.0.100,10.99.0.100", "--dhcp-host=02:00:00:00:00:99,10.99.0.100")
    judged = about(lan.ask("dhcp", DhcpTarget("eth0")))
    assert (judged.reason, judged.evidence["alive"]) == (Reason.EXHAUSTED, "10.99.0.254")


@pytest.mark.root
def test_no_server_is_a_timeout(lan):
    judged = about(lan.ask("dhcp", DhcpTarget("eth0")))
    assert (judged.verdict, judged.reason) == (Verdict.FAIL, Reason.TIMEOUT)


@pytest.mark.root
def test_a_link_that_is_down_is_carrier(lan):
    lan.run("h1", "ip", "link", "set", "eth0", "down")
    judged = about(lan.ask("dhcp", DhcpTarget("eth0")))
    assert judged.reason is Reason.CARRIER


@pytest.mark.root
def test_without_permission_nothing_is_claimed(lan):
    without = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
    judged = about(lan.ask("dhcp", DhcpTarget("eth0"), prefix=without))
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)


def test_scapy_never_enters_the_process_that_loads_the_units():
    code = "import sys; from agent.units import finding; finding.load_units(); print('scapy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


@pytest.mark.root
@pytest.mark.parametrize(("prefix", "reason"), [("24", Reason.OK), ("16", Reason.WRONG)])
def test_the_own_mask_is_compared_with_the_one_that_is_handed_out(lan, offering, prefix, reason):
    offering("gw", POOL)
    lan.run("h1", "ip", "address", "flush", "dev", "eth0")
    lan.run("h1", "ip", "address", "add", f"10.99.0.1/{prefix}", "dev", "eth0")
    judged = about(lan.ask("dhcp", DhcpTarget("eth0")), "ip.netmask")
    assert (judged.subject, judged.reason) == ("host:h1", reason)
