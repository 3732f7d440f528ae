"""VLANs on which nothing comes back."""

from __future__ import annotations

import pytest

from collectors.network import vlan
from tests.collectors.conftest import about
from wire.judgement import Reason

CONFIG = (
    "VLAN Dev name    | VLAN ID\nName-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\neth0.57        | 57  | eth0\n"
)


def count(tree, nic: str, sent: int, got: int) -> None:
    folder = f"/sys/class/net/{nic}"
    for name, value in {"flags": "0x1043", "carrier": "1", "type": "1"}.items():
        tree.write(f"{folder}/{name}", value)
    tree.write(f"{folder}/statistics/tx_packets", str(sent))
    tree.write(f"{folder}/statistics/rx_packets", str(got))


@pytest.mark.parametrize(
    ("sent", "got", "below", "reason"),
    [
        (20, 15, 900, Reason.OK),
        (20, 0, 900, Reason.STOPPED),
        (0, 0, 900, Reason.OK),
        (20, 0, 0, Reason.OK),
    ],
    ids=["answers", "asks and gets nothing", "asks for nothing", "the whole link is silent"],
)
def test_a_vlan_is_silent_when_only_it_gets_no_answer(tree, sent, got, below, reason):
    tree.write("/proc/net/vlan/config", CONFIG)
    host = tree.host()
    for look in range(10):
        count(tree, "eth0.57", sent * look, got * look)
        count(tree, "eth0", 900 * look, below * look)
        judgements = list(vlan.read(host))
        tree.clock.pass_by(15)
    assert about(judgements, "link.vlan_traffic", "nic:box/eth0.57").reason is reason


def test_the_table_tells_number_and_interface_below():
    assert vlan.facts(vlan.parse(CONFIG.encode())) == {"vlans": {"eth0.57": {"id": 57, "parent": "eth0"}}}
