"""Asks the link itself who has an address, by ARP or neighbour solicitation, and hears all who answer."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from kernel.rtnetlink import Link, family_of

_ARP = 0x0806
_ARP_PACKET = struct.Struct("!HHBBH6s4s6s4s")  # RFC 826, for Ethernet and IPv4
_REQUEST, _REPLY = 1, 2
_BROADCAST = b"\xff" * 6
_SOLICITATION, _ADVERTISEMENT = 135, 136
_ICMP6_FILTER = 1
_TARGET_MAC, _SOURCE_MAC = 2, 1
"""Options of neighbour discovery, RFC 4861."""
HOW_TO_PERMIT = "setcap cap_net_raw+ep on the Python interpreter"


@dataclass(frozen=True)
class _Question:
    """An open socket, the packet to send and where to, and how to read an answer's MAC."""

    sock: socket.socket
    packet: bytes
    to: tuple[str, int, int, int, bytes] | tuple[str, int, int, int]
    read: Callable[[bytes], str]


async def who_has(address: str, link: Link, source: str, seconds: float, *, all_answers: bool) -> list[str]:
    """MACs of those who answer, in order of arrival; the first only, unless all are wanted.

    Asked twice. Raises PermissionError without CAP_NET_RAW, OSError when the link cannot send.
    """
    question = _arp(address, link, source) if family_of(address) == socket.AF_INET else _ndp(address, link)
    found: dict[str, None] = {}
    with question.sock as sock:
        for _ in range(2):
            sock.sendto(question.packet, question.to)
            try:
                async with asyncio.timeout(seconds / 2):
                    await _collect(question, found, all_answers=all_answers)
                    break
            except TimeoutError:
                continue
    return list(found)


async def _collect(question: _Question, found: dict[str, None], *, all_answers: bool) -> None:
    """Returns at the first answer, or never when all are wanted: the caller's deadline ends it."""
    loop = asyncio.get_running_loop()
    while all_answers or not found:
        mac = question.read(await loop.sock_recv(question.sock, 256))
        if mac:
            found[mac] = None


def _arp(address: str, link: Link, source: str) -> _Question:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)  # hears nothing until it is bound
    wanted = socket.inet_aton(address)
    own = bytes.fromhex(link.mac.replace(":", ""))

    def read(data: bytes) -> str:
        if len(data) < _ARP_PACKET.size:
            return ""
        _, _, _, _, operation, mac, sender, _, _ = _ARP_PACKET.unpack_from(data)
        return mac.hex(":") if operation == _REPLY and sender == wanted else ""

    try:
        sock.setblocking(False)
        sock.bind((link.name, _ARP))
        packet = _ARP_PACKET.pack(
            1, 0x0800, 6, 4, _REQUEST, own, socket.inet_aton(source or "0.0.0.0"), bytes(6), wanted
        )
    except BaseException:
        sock.close()
        raise
    return _Question(sock, packet, (link.name, _ARP, 0, 0, _BROADCAST), read)


def _ndp(address: str, link: Link) -> _Question:
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    wanted = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    index = socket.if_nametoindex(link.name)
    own = bytes.fromhex(link.mac.replace(":", ""))

    def read(data: bytes) -> str:
        if len(data) < 32 or data[0] != _ADVERTISEMENT or data[8:24] != wanted:
            return ""
        return data[26:32].hex(":") if data[24] == _TARGET_MAC else ""

    try:
        sock.setblocking(False)
        only = [0xFFFFFFFF] * 8
        only[_ADVERTISEMENT >> 5] &= ~(1 << (_ADVERTISEMENT & 31)) & 0xFFFFFFFF
        sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *only))
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    except BaseException:
        sock.close()
        raise
    group = socket.inet_ntop(socket.AF_INET6, bytes.fromhex("ff0200000000000000000001ff") + wanted[-3:])
    packet = struct.pack("!BBHI", _SOLICITATION, 0, 0, 0) + wanted + bytes([_SOURCE_MAC, 1]) + own
    return _Question(sock, packet, (group, 0, 0, index), read)
