"""Hears which switch and port are at the other end of a cable (LLDP, IEEE 802.1AB)."""

from __future__ import annotations

import socket
import struct
import weakref
from collections.abc import Iterator
from dataclasses import dataclass

_LLDP = 0x88CC
_SOL_PACKET, _ADD_MEMBERSHIP, _MULTICAST, _OUTGOING = 263, 1, 0, 4
_MEMBERSHIP = struct.Struct("=iHH8s")  # struct packet_mreq
_GROUPS = tuple(bytes.fromhex(f"0180c20000{last}") for last in ("0e", "03", "00"))
"""Nearest bridge, nearest bridge that is no two-port one, nearest customer bridge."""
_END, _CHASSIS, _PORT, _PORT_DESCRIPTION, _SYSTEM, _CAPABILITIES, _ORGANISATION = 0, 1, 2, 4, 5, 7, 127
_SWITCHES = 0x04 | 0x10
"""Capabilities of a bridge and of a router, as they are switched on."""
_PORT_VLAN = b"\x00\x80\xc2\x01"
_CHASSIS_MAC, _PORT_MAC = 4, 3
_MOST = 256
_LONGEST = 128


@dataclass(frozen=True)
class Neighbour:
    switch: str
    """What it calls itself, else its hardware address."""
    port: str
    vlan: int = 0
    """Of untagged frames; 0 where it does not say."""


def parse(payload: bytes) -> Neighbour:
    """What follows the Ethernet header. Raises ValueError for what is no LLDP, or not of a switch."""
    found: dict[int, bytes] = {}
    vlan = at = 0
    while at + 2 <= len(payload):
        (head,) = struct.unpack_from("!H", payload, at)
        kind, value = head >> 9, payload[at + 2 : at + 2 + (head & 0x1FF)]
        if kind == _END:
            break
        if len(value) < head & 0x1FF:
            raise ValueError("cut short")
        if kind == _ORGANISATION and value[:4] == _PORT_VLAN and len(value) == 6:
            vlan = int.from_bytes(value[4:], "big")
        found.setdefault(kind, value)
        at += 2 + len(value)
    chassis, port = found.get(_CHASSIS, b""), found.get(_PORT, b"")
    if len(chassis) < 2 or len(port) < 2:
        raise ValueError("neither chassis nor port")
    able = found.get(_CAPABILITIES, b"")
    if len(able) == 4 and not int.from_bytes(able[2:], "big") & _SWITCHES:
        raise ValueError("a host that speaks LLDP is no switch")
    switch = _text(found.get(_SYSTEM, b"")) or _identity(chassis, _CHASSIS_MAC)
    name = _text(found.get(_PORT_DESCRIPTION, b"")) if port[0] == _PORT_MAC else ""
    return Neighbour(switch, name or _identity(port, _PORT_MAC), vlan)


def _identity(value: bytes, mac_kind: int) -> str:
    return value[1:].hex(":") if value[0] == mac_kind and len(value) == 7 else _text(value[1:])


def _text(raw: bytes) -> str:
    text = raw[:_LONGEST].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip()


class Listener:
    """Keeps what arrives until somebody asks. Raises PermissionError without CAP_NET_RAW."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_LLDP))
        self.close = weakref.finalize(self, self._socket.close)
        self._socket.setblocking(False)
        self._joined: set[int] = set()

    def join(self, index: int) -> None:
        """An adapter passes on only the groups that somebody wants. Raises OSError."""
        if index in self._joined:
            return
        for group in _GROUPS:
            wanted = _MEMBERSHIP.pack(index, _MULTICAST, len(group), group)
            self._socket.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, wanted)
        self._joined.add(index)

    def heard(self) -> Iterator[tuple[str, Neighbour]]:
        """Interface and who is behind it, the latest last."""
        for _ in range(_MOST):
            try:
                payload, (interface, _, kind, *_rest) = self._socket.recvfrom(2048)
                if kind != _OUTGOING:
                    yield interface, parse(payload)
            except BlockingIOError:
                return
            except (OSError, ValueError):
                continue
