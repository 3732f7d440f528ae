"""Reads what ip prints of interfaces (link, addr, -s): state, addresses, errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from wire import entity
from wire.judgement import Judgement, Reason

HEAD = re.compile(r"^\d{1,9}:\s+([^\s:@]+)(?:@([^\s:]+))?:\s+<([^>]*)>\s*(.*)$")
COUNTED = ("bytes", "packets", "errors", "dropped", "overrun", "missed", "carrier", "collsns", "mcast")
NOT_PLUGGED = re.compile(r"^(docker|br-|virbr|veth|vnet|tap|tun|cni|flannel|cali|lxc|lxd|dummy|bridge)")
"""Bridges and such have no carrier while nobody hangs on them."""
FEW, SHARE = 100, 1e-4


class Port(msgspec.Struct):
    name: str
    flags: list[str]
    state: str = ""
    mtu: int = 0
    master: str = ""
    under: str = ""
    """The interface below a VLAN."""
    mac: str = ""
    addresses: list[str] = []
    refused: list[str] = []
    """IPv6 addresses that another machine already has (RFC 4862)."""
    rx: dict[str, int] = {}
    tx: dict[str, int] = {}
    mii: str = ""

    @property
    def used(self) -> bool:
        """Somebody gave it an address, or made it a bond or part of one."""
        return "UP" in self.flags and (bool(self.addresses) or bool({"SLAVE", "MASTER"} & set(self.flags)))

    @property
    def carrier(self) -> bool:
        return "NO-CARRIER" not in self.flags and self.state not in {"DOWN", "LOWERLAYERDOWN"}


def parse(raw: bytes) -> list[Port]:
    """Raises ValueError for a text without a numbered interface."""
    ports: list[Port] = []
    columns: tuple[dict[str, int], list[str]] | None = None
    for line in lines_of(raw):
        match = HEAD.match(line)
        words = line.split()
        if match is not None:
            ports.append(_port(match))
            columns = None
        elif not ports or not words:
            continue
        elif words[0] in {"RX:", "TX:"}:
            columns = (ports[-1].rx if words[0] == "RX:" else ports[-1].tx, words[1:])
        elif columns is not None and words[0].isdigit():
            figures = zip(columns[1], words, strict=False)
            columns[0].update({name: int(word) for name, word in figures if name in COUNTED and _fits(word)})
            columns = None
        else:
            _detail(ports[-1], words)
    if not ports:
        raise ValueError("no numbered interface, as ip link prints them")
    return ports


def _port(match: re.Match[str]) -> Port:
    words = match[4].split()
    told = dict(zip(words[::2], words[1::2], strict=False))
    mtu = told.get("mtu", "")
    return Port(
        name=match[1],
        flags=match[3].split(","),
        state=told.get("state", ""),
        mtu=int(mtu) if mtu.isdigit() and len(mtu) < 9 else 0,
        master=told.get("master", ""),
        under=match[2] or "",
    )


def _detail(port: Port, words: list[str]) -> None:
    if words[0].startswith("link/") and len(words) > 1:
        port.mac = words[1]
    elif words[0] in {"inet", "inet6"} and len(words) > 1:
        port.addresses.append(words[1])
        if "dadfailed" in words:
            port.refused.append(words[1].partition("/")[0])
    elif words[0] in {"bond_slave", "bond"} and "mii_status" in words[:-1]:
        port.mii = words[words.index("mii_status") + 1].lower()


def _fits(word: str) -> bool:
    return word.isdigit() and len(word) <= 18


def judge(ports: list[Port], host: Host) -> Iterable[Judgement]:
    for port in ports:
        if port.used and "LOOPBACK" not in port.flags and not NOT_PLUGGED.match(port.name):
            lost = not port.carrier or port.mii in {"down", "fail"}
            subject = entity.nic(host.name, port.name)
            reason = Reason.CARRIER if lost else Reason.OK
            yield judged("net.link", subject, reason, None, interface=port.name, state=port.state)
        yield from _errors(port, host)
        for address in port.refused:
            subject = entity.address(address)
            yield judged("net.duplicate", subject, Reason.DUPLICATE, None, interface=port.name)


def _errors(port: Port, host: Host) -> Iterator[Judgement]:
    """A recording holds sums since the start, so the share of its direction's packets is what it tells."""
    if not port.rx:
        return
    received, sent = port.rx.get("errors", 0), port.tx.get("errors", 0) + port.tx.get("collsns", 0)
    arrived, left = port.rx.get("packets", 0), port.tx.get("packets", 0)
    broken, packets = received + sent, arrived + left
    bad = any(count >= FEW and count >= SHARE * of for count, of in ((received, arrived), (sent, left)))
    yield judged(
        "net.link_errors",
        entity.nic(host.name, port.name),
        Reason.ERRORS if bad else Reason.OK,
        min(broken, 2**53),
        interface=port.name,
        packets=min(packets, 2**53),
    )


def facts(ports: list[Port]) -> dict[str, JSON]:
    return {
        "interfaces": {
            one.name: {
                "state": one.state,
                "flags": one.flags,
                "mtu": one.mtu,
                "master": one.master,
                "mac": one.mac,
                "addresses": one.addresses,
                "rx": one.rx,
                "tx": one.tx,
            }
            for one in ports
        }
    }


SOURCE = Source(kinds=("ip", "ip_link", "ip_addr", "ip_s_link"), parse=parse, judge=judge, facts=facts)
