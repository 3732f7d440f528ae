"""Sends a DHCPDISCOVER from a link and listens for offers (RFC 2131), without taking one."""

from __future__ import annotations

import secrets
import select
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from kernel.packet_filter import attach
from probes.link.crafted.questions import Discover, Discovered, Offer

_IPV4 = 0x0800
_BROADCAST = 0x8000
_OFFER, _ACK = 2, 5
_WANTED = [1, 3, 6, 15, 51, 54]
"""Mask, routers, resolvers, domain, lease time, server (RFC 2132)."""
_TO_CLIENTS = (
    (0x30, 0, 0, 23),  # ldb [23]: the protocol
    (0x15, 0, 6, 17),  # jeq UDP
    (0x28, 0, 0, 20),  # ldh [20]
    (0x45, 4, 0, 0x1FFF),  # jset: a later fragment has no ports
    (0xB1, 0, 0, 14),  # ldxb 4*([14]&0xf)
    (0x48, 0, 0, 16),  # ldh [x+16]: the port it goes to
    (0x15, 0, 1, 68),
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
)
"""Classic BPF (socket(7)): without it a busy link would be read packet by packet."""


def discover(question: Discover) -> Discovered:
    """Asks twice, since broadcasts get lost. Raises OSError for what cannot be sent."""
    number = secrets.randbits(32)
    packets = [_question(question, number), *_informs(question, number)]
    offers: dict[tuple[str, str], Offer] = {}
    alive: dict[str, None] = {}
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as door:
        attach(door, _TO_CLIENTS)
        door.bind((question.interface, _IPV4))
        for _ in range(2):
            for packet in packets:
                door.send(bytes(packet))
            for reply in _replies(door, question.seconds / 2, number):
                kind = _option(reply, "message-type")
                found = _offer(reply)
                alive[found.server] = None
                if kind == _OFFER:
                    offers[(found.server, found.mac)] = found
    return Discovered(offers=tuple(offers.values()), alive=tuple(alive))


def _question(question: Discover, number: int) -> Packet:
    raw = bytes.fromhex(question.mac.replace(":", ""))
    head = Ether(src=question.mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255")
    options = [("message-type", "discover"), ("param_req_list", _WANTED), "end"]
    bootp = BOOTP(chaddr=raw, xid=number, flags=_BROADCAST)
    return head / UDP(sport=68, dport=67) / bootp / DHCP(options=options)


def _informs(question: Discover, number: int) -> Iterator[Packet]:
    """To all on the link: a server that has no address left still answers who has one."""
    if not question.address:
        return
    raw = bytes.fromhex(question.mac.replace(":", ""))
    head = Ether(src=question.mac, dst="ff:ff:ff:ff:ff:ff") / IP(src=question.address, dst="255.255.255.255")
    options = [("message-type", "inform"), ("param_req_list", _WANTED), "end"]
    bootp = BOOTP(chaddr=raw, xid=number, ciaddr=question.address, flags=_BROADCAST)
    yield head / UDP(sport=68, dport=67) / bootp / DHCP(options=options)


def _replies(door: socket.socket, seconds: float, number: int) -> Iterator[Packet]:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if not select.select([door], [], [], left)[0]:
            return
        packet = Ether(door.recv(4096))
        if packet.haslayer(DHCP) and packet[BOOTP].op == 2 and packet[BOOTP].xid == number:
            yield packet


def _offer(packet: Packet) -> Offer:
    return Offer(
        server=_option(packet, "server_id") or packet[IP].src,
        address=packet[BOOTP].yiaddr,
        mask=_option(packet, "subnet_mask"),
        routers=tuple(_options(packet, "router")),
        resolvers=tuple(_options(packet, "name_server")),
        mac=packet[Ether].src,
    )


def _options(packet: Packet, name: str) -> Sequence[Any]:
    return next(
        (each[1:] for each in packet[DHCP].options if isinstance(each, tuple) and each[0] == name), ()
    )


def _option(packet: Packet, name: str) -> Any:
    """A number of the message's type, else text; empty where it is not given."""
    return next(iter(_options(packet, name)), "")
