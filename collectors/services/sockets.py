"""The sockets of this network namespace: by sock_diag, or from /proc/net where there is none."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import msgspec

from collectors.host import Host
from kernel import netlink

ESTABLISHED = 1
CLOSE = 7
"""The state of an unconnected UDP socket."""
LISTEN = 10
SOCK_DIAG_BY_FAMILY = 20
CGROUP_ID = 21
ANSWER = struct.Struct("=BBBB HH16s16sIII IIIII")
TABLE_LIMIT = 16 * 1024 * 1024
SOCKET_LIMIT = 50_000
PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}
FAMILIES = {"": socket.AF_INET, "6": socket.AF_INET6}


class Socket(msgspec.Struct, frozen=True, gc=False):
    """One row of the kernel's table."""

    protocol: str
    address: str
    port: int
    remote_address: str
    remote_port: int
    inode: int
    uid: int
    waiting: int = 0
    """Connections not yet accepted, of a listening one."""
    backlog: int = 0
    """How many may wait so; 0 where the kernel does not tell."""
    cgroup: int = 0
    """Inode of its cgroup v2 folder; 0 where unknown."""


def sockets(host: Host, protocol: str, state: int) -> list[Socket]:
    """Both address families, at most SOCKET_LIMIT. Raises OSError when neither way can be read."""
    found: list[Socket] = []
    readable = False
    trouble: OSError | None = None
    for suffix, family in FAMILIES.items():
        try:
            for row in _of_family(host, protocol, suffix, family, state):
                found.append(row)
                if len(found) >= SOCKET_LIMIT:
                    return found
            readable = True
        except OSError as error:  # a kernel without IPv6 has no tcp6
            trouble = error
    if trouble is not None and not readable:
        raise trouble
    return found


def _of_family(host: Host, protocol: str, suffix: str, family: int, state: int) -> Iterator[Socket]:
    known_missing = f"no sock_diag for {protocol}{suffix}"
    if host.real and known_missing not in host.memory:
        try:
            yield from _diagnosed(protocol, family, state)
        except OSError:
            host.memory[known_missing] = True
        else:
            return
    yield from _listed(host, protocol, suffix, state)


def _diagnosed(protocol: str, family: int, state: int) -> list[Socket]:
    """sock_diag(7): only the rows of the wanted state leave the kernel."""
    body = struct.pack("=BBBBI48x", family, PROTOCOLS[protocol], 0, 0, 1 << state)
    rows: list[Socket] = []
    for kind, payload in netlink.dump(netlink.SOCK_DIAG, SOCK_DIAG_BY_FAMILY, body):
        if kind != SOCK_DIAG_BY_FAMILY or len(payload) < ANSWER.size:
            continue
        row = ANSWER.unpack_from(payload)
        size = 4 if family == socket.AF_INET else 16
        group = netlink.attributes(payload, ANSWER.size).get(CGROUP_ID, b"")
        rows.append(
            Socket(
                protocol=protocol,
                address=_plain(socket.inet_ntop(family, row[6][:size])),
                port=socket.ntohs(row[4]),
                remote_address=_plain(socket.inet_ntop(family, row[7][:size])),
                remote_port=socket.ntohs(row[5]),
                inode=row[15],
                uid=row[14],
                waiting=row[12] if state == LISTEN else 0,
                backlog=row[13] if state == LISTEN else 0,
                cgroup=int.from_bytes(group, "little"),
            )
        )
    return rows


def _listed(host: Host, protocol: str, suffix: str, state: int) -> Iterator[Socket]:
    """proc(5), /proc/net/tcp: addresses are words in the byte order of the machine."""
    wanted = f"{state:02X}"
    for line in host.read(f"/proc/net/{protocol}{suffix}", TABLE_LIMIT).splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != wanted:
            continue
        address, port = _address(fields[1])
        remote_address, remote_port = _address(fields[2])
        yield Socket(
            protocol=protocol,
            address=address,
            port=port,
            remote_address=remote_address,
            remote_port=remote_port,
            inode=int(fields[9]),
            uid=int(fields[7]),
            waiting=int(fields[4].partition(":")[2], 16) if state == LISTEN else 0,
        )


def _address(text: str) -> tuple[str, int]:
    address, _, port = text.partition(":")
    raw = bytes.fromhex(address)
    words = struct.pack(f">{len(raw) // 4}I", *struct.unpack(f"<{len(raw) // 4}I", raw))
    family = socket.AF_INET if len(words) == 4 else socket.AF_INET6
    return _plain(socket.inet_ntop(family, words)), int(port, 16)


def _plain(address: str) -> str:
    """An IPv4 address as such, also where an IPv6 socket carries it."""
    return address.removeprefix("::ffff:") if "." in address else address
