"""What a switch says of the port at the other end of the cable."""

from __future__ import annotations

import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.discovery.nics import nics
from collectors.network import lldp
from kernel.lldp import Neighbour, parse
from tests.collectors.conftest import inside
from wire.judgement import Reason

TELL = """
import socket, sys
door = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
door.bind(("eth1", 0x88CC))
door.send(bytes.fromhex("0180c200000e" "020000000001" "88cc") + bytes.fromhex(sys.argv[1]))
"""


def item(kind: int, value: bytes) -> bytes:
    return struct.pack("!H", kind << 9 | len(value)) + value


def told(vlan: int, *, name: bytes = b"sw1", port: bytes = b"\x05Gi1/0/7") -> bytes:
    parts = [item(1, b"\x04" + bytes.fromhex("020000000001")), item(2, port), item(3, b"\x00\x78")]
    parts += [item(5, name)] if name else []
    parts += [item(127, b"\x00\x80\xc2\x01" + vlan.to_bytes(2, "big"))] if vlan else []
    return b"".join([*parts, item(0, b"")])


def test_switch_port_and_vlan_are_read():
    assert parse(told(20)) == Neighbour("sw1", "Gi1/0/7", 20)


def test_a_switch_without_a_name_is_called_by_its_hardware_address():
    assert parse(told(0, name=b"")).switch == "02:00:00:00:00:01"


@pytest.mark.parametrize(("able", "heard"), [("00140014", True), ("00840080", False), ("00940010", True)])
def test_only_what_switches_or_routes_is_a_switch(able, heard):
    frame = item(7, bytes.fromhex(able)) + told(20)
    if heard:
        assert parse(frame).vlan == 20
    else:
        with pytest.raises(ValueError, match="no switch"):
            parse(frame)


@given(st.binary(max_size=300))
def test_rubbish_is_no_neighbour(data):
    try:
        found = parse(data)
    except ValueError:
        return
    assert found.switch.isprintable()


@pytest.fixture
def cable(namespaces):
    for name in ("near", "far"):
        namespaces.add(name)
    namespaces.veth("near", "eth0", "far", "eth1")
    return namespaces


def look(cable, host, frame: bytes | None = None) -> list:
    full = cable.full("near")
    inside(full, lambda: list(lldp.read(host)))
    if frame:
        cable.run("far", sys.executable, "-c", TELL, frame.hex())
    return inside(full, lambda: list(lldp.read(host)))


@pytest.mark.root
def test_what_the_far_end_says_is_part_of_the_inventory(cable, host):
    (judged,) = look(cable, host, told(20))
    assert (judged.subject, judged.reason) == ("nic:box/eth0", Reason.OK)
    (nic,) = [one for one in inside(cable.full("near"), lambda: list(nics(host))) if one.name == "eth0"]
    assert (nic.switch, nic.switch_port) == ("sw1", "Gi1/0/7")


@pytest.mark.root
def test_another_vlan_than_usual_is_wrong_until_it_is_put_right(cable, host):
    reasons = [look(cable, host, told(vlan))[0].reason for vlan in (20, 30, 20)]
    assert reasons == [Reason.OK, Reason.WRONG, Reason.OK]


@pytest.mark.root
def test_a_cable_behind_which_nobody_speaks_is_silent(cable, host):
    assert look(cable, host) == []
