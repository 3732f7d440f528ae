"""The kernel's counters of its protocols, from pairs of lines (/proc/net/netstat, snmp) and from sockstat."""

from __future__ import annotations

import re

from collectors.host import Host

SIX = re.compile(r"(Ip6|Icmp6|Udp6|UdpLite6)(\w+)")


def net_counters(host: Host) -> dict[str, int]:
    """``Tcp_RetransSegs`` → its count. Raises OSError where the kernel tells none."""
    found: dict[str, int] = {}
    for path in ("/proc/net/netstat", "/proc/net/snmp"):
        found |= pairs(host.read(path, 65_536))
    if host.exists("/proc/net/snmp6"):
        for line in host.read("/proc/net/snmp6", 65_536).splitlines():
            name, _, value = line.partition(" ")
            match = SIX.fullmatch(name.strip())
            if match is not None and value.strip().isdigit():
                found[f"{match[1]}_{match[2]}"] = int(value)
    return found


def pairs(text: str) -> dict[str, int]:
    """A line of names, then a line of figures, both begun by the protocol."""
    found: dict[str, int] = {}
    names: list[str] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or not words[0].endswith(":"):
            continue
        if names and words[0] == names[0]:
            protocol = words[0][:-1]
            for name, value in zip(names[1:], words[1:], strict=False):
                if value.lstrip("-").isdigit() and len(value) <= 20:
                    found[f"{protocol}_{name}"] = int(value)
            names = []
        else:
            names = words
    return found


def sockstat(host: Host) -> dict[str, dict[str, int]]:
    """``TCP`` → ``inuse``, ``orphan``, ``tw``, ``alloc``, ``mem`` (pages)."""
    found: dict[str, dict[str, int]] = {}
    for path in ("/proc/net/sockstat", "/proc/net/sockstat6"):
        if not host.exists(path):
            continue
        for line in host.read(path, 4096).splitlines():
            protocol, _, rest = line.partition(":")
            words = rest.split()
            figures = zip(words[::2], words[1::2], strict=False)
            found[protocol] = {name: int(figure) for name, figure in figures if figure.isdigit()}
    return found


def settings(host: Host, name: str) -> list[int]:
    """The numbers of /proc/sys/net/ipv4/NAME; none where it is not there."""
    try:
        words = host.read(f"/proc/sys/net/ipv4/{name}", 256).split()
    except OSError:
        return []
    return [int(word) for word in words if word.isdigit()]
