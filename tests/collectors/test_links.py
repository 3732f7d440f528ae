"""Bonds, teams and ports, from what the kernel, teamd and ethtool print of them."""

from __future__ import annotations

import json

import pytest

from collectors.host import Host
from collectors.network import bond_tree, bonding, ethtool, ethtool_counters, ethtool_optics, team
from collectors.network.bond_facts import bond_facts
from tests.collectors.conftest import about
from wire.judgement import Reason, Verdict

BOND = """Ethernet Channel Bonding Driver: v5.15.0

Bonding Mode: {mode}
Currently Active Slave: ens1
MII Status: {mii}
MII Polling Interval (ms): 100
{lacp}
Slave Interface: ens1
MII Status: {first}
Speed: 10000 Mbps
Duplex: full
Link Failure Count: 1
Permanent HW addr: 3c:fd:fe:00:00:01
Aggregator ID: 1

Slave Interface: ens2
MII Status: {second}
Speed: 10000 Mbps
Duplex: full
Link Failure Count: 4
Permanent HW addr: 3c:fd:fe:00:00:02
Aggregator ID: {aggregator}
"""
LACP = """
802.3ad info
LACP rate: fast
Active Aggregator Info:
\tAggregator ID: 1
\tNumber of ports: 1
\tPartner Mac Address: {partner}
"""
SWITCH = "00:1c:73:aa:bb:cc"
SETTINGS = """Settings for ens1:
\tSupported ports: [ TP ]
\tSupported link modes:   10baseT/Half 10baseT/Full
\t                        100baseT/Half 100baseT/Full
\t                        1000baseT/Full
\tAdvertised link modes:  10baseT/Half 10baseT/Full
\t                        1000baseT/Full
\tLink partner advertised link modes:  10baseT/Half 10baseT/Full
\t                                     {partner}
\tSpeed: {speed}
\tDuplex: {duplex}
\tAuto-negotiation: on
\tLink detected: {link}
"""


@pytest.fixture
def box() -> Host:
    return Host("box", "/dev/null")


def bond(mode="IEEE 802.3ad Dynamic link aggregation", mii="up", first="up", second="up", **of) -> bytes:
    lacp = LACP.format(partner=of["partner"]) if "partner" in of else ""
    return BOND.format(
        mode=mode, mii=mii, first=first, second=second, lacp=lacp, aggregator=of.get("aggregator", 1)
    ).encode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bond(), Reason.OK),
        (bond(second="down"), Reason.MISSING),
        (bond(second="going back"), Reason.MISSING),
        (bond(mii="down", first="down", second="down"), Reason.CARRIER),
        (bond(partner=SWITCH, aggregator=2), Reason.WRONG),
        (bond(partner=SWITCH), Reason.OK),
        (bond(partner="00:00:00:00:00:00", aggregator=2), Reason.OK),
    ],
)
def test_a_bond_is_judged_by_its_ports_and_their_other_ends(box, text, reason):
    assert about(bonding.judge(bonding.parse(text), box), "link.bond").reason is reason


def test_a_driver_that_waited_in_vain_for_the_other_end_says_so(box):
    text = bond(partner="00:00:00:00:00:00", aggregator=2) + b"Actor Churn State: churned\n"
    assert about(bonding.judge(bonding.parse(text), box), "link.bond").reason is Reason.WRONG


def test_a_bond_without_an_active_aggregator_has_not_agreed_with_anybody(box):
    text = b"Bonding Mode: IEEE 802.3ad Dynamic link aggregation\nbond bond0 has no active aggregator\n"
    text += b"\nSlave Interface: eth1\nMII Status: up\nAggregator ID: N/A\n"
    assert about(bonding.judge(bonding.parse(text), box), "link.bond").reason is Reason.WRONG


def test_the_lost_port_of_a_bond_is_named(tree):
    tree.write("/proc/net/bonding/bond7", bond(second="down").decode())
    judgement = about(bonding.read(tree.host()), "link.bond", "bond:box/bond7")
    assert (judgement.evidence["lost"], judgement.value) == ("ens2", 1)


def test_a_bond_file_cut_off_in_the_middle_of_a_line_keeps_what_was_read():
    cut = bond().rpartition(b"Speed:")[0] + b"Speed"
    assert bond_facts(bonding.parse(cut))["slaves"] == {"ens1": "up", "ens2": "up"}


def test_a_bond_is_also_read_from_sys(tree):
    tree.write("/sys/class/net/bond0/bonding/slaves", "ens1 ens2\n")
    tree.write("/sys/class/net/bond0/bonding/mii_status", "up\n")
    tree.write("/sys/class/net/bond0/slave_ens1/operstate", "up\n")
    tree.write("/sys/class/net/bond0/slave_ens2/operstate", "down\n")
    tree.write("/sys/class/net/unused/bonding/slaves", "\n")
    host = tree.host()
    [judgement] = bond_tree.judge(bond_tree.gather(host), host)
    assert (judgement.subject, judgement.reason) == ("bond:box/bond0", Reason.MISSING)


def team_state(**ports: tuple[bool, bool]) -> bytes:
    return json.dumps(
        {
            "setup": {"runner_name": "lacp"},
            "runner": {"active": True},
            "ports": {
                name: {"link": {"up": up}, "runner": {"selected": selected}}
                for name, (up, selected) in ports.items()
            },
        }
    ).encode()


@pytest.mark.parametrize(
    ("ports", "reason"),
    [
        ({"em1": (True, True), "em2": (True, True)}, Reason.OK),
        ({"em1": (True, True), "em2": (False, False)}, Reason.MISSING),
        ({"em1": (False, False), "em2": (False, False)}, Reason.CARRIER),
        ({"em1": (True, True), "em2": (True, False)}, Reason.WRONG),
    ],
)
def test_a_team_is_judged_by_its_ports(box, ports, reason):
    assert about(team.judge(team.parse(team_state(**ports)), box), "link.bond").reason is reason


IN_WORDS = """setup:
  runner: lacp
ports:
  em1
    link watches:
      link summary: up
    runner:
      selected: yes
  em2
    link watches:
      link summary: {link}
    runner:
      selected: {selected}
runner:
  active: yes
"""


@pytest.mark.parametrize(
    ("link", "selected", "reason"),
    [("up", "yes", Reason.OK), ("down", "no", Reason.MISSING), ("up", "no", Reason.WRONG)],
)
def test_a_team_is_judged_alike_by_its_words(box, link, selected, reason):
    found = team.parse(IN_WORDS.format(link=link, selected=selected).encode())
    assert (found.runner, list(found.ports)) == ("lacp", ["em1", "em2"])
    assert about(team.judge(found, box), "link.bond").reason is reason


def settings(speed="1000Mb/s", duplex="Full", link="yes", partner="1000baseT/Full") -> bytes:
    return SETTINGS.format(speed=speed, duplex=duplex, link=link, partner=partner).encode()


@pytest.mark.parametrize(
    ("text", "speed", "duplex"),
    [
        (settings(), Reason.OK, Reason.OK),
        (settings(speed="100Mb/s"), Reason.SLOW, Reason.OK),
        (settings(speed="100Mb/s", partner="100baseT/Full"), Reason.OK, Reason.OK),
        (settings(speed="100Mb/s", duplex="Half", partner="100baseT/Half"), Reason.OK, Reason.WRONG),
    ],
)
def test_a_port_is_slow_below_what_both_ends_can_and_wrong_at_half_duplex(box, text, speed, duplex):
    judgements = list(ethtool.judge(ethtool.parse_settings(text), box))
    assert about(judgements, "link.speed", "box/ens1").reason is speed
    assert about(judgements, "link.duplex", "box/ens1").reason is duplex


def test_a_port_without_a_link_has_no_speed_to_judge(box):
    text = settings(speed="Unknown!", duplex="Unknown! (255)", link="no")
    assert list(ethtool.judge(ethtool.parse_settings(text), box)) == []


@pytest.mark.parametrize(
    ("crc", "packets", "reason"), [(0, 10**6, Reason.OK), (5000, 10**6, Reason.ERRORS), (60, 100, Reason.OK)]
)
def test_broken_packets_count_by_their_share(box, crc, packets, reason):
    text = f"NIC statistics:\n     rx_packets: {packets}\n     rx_crc_errors: {crc}\n     rx_dropped: 99999\n"
    judgements = ethtool_counters.judge(ethtool_counters.parse(text.encode()), box)
    assert about(judgements, "net.link_errors").reason is reason


@pytest.mark.parametrize(
    ("alarm", "warning", "verdict"),
    [("Off", "Off", Verdict.PASS), ("Off", "On", Verdict.WARN), ("On", "On", Verdict.FAIL)],
)
def test_an_optical_module_is_judged_by_its_own_limits(box, alarm, warning, verdict):
    text = (
        "\tIdentifier                                : 0x03 (SFP)\n"
        "\tReceiver signal average optical power     : 0.0001 mW / -40.00 dBm\n"
        f"\tLaser rx power low alarm                  : {alarm}\n"
        f"\tLaser rx power low warning                : {warning}\n"
    )
    assert (
        about(ethtool_optics.judge(ethtool_optics.parse(text.encode()), box), "link.optics").verdict
        is verdict
    )
