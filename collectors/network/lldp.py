"""Is each port in the VLAN that it was in, by what the switch at its other end says?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collectors.host import Host
from collectors.judging import judged
from collectors.network.nic_table import Interface, interfaces
from collectors.unit import Collector
from kernel.lldp import Listener, Neighbour
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "link.lldp"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.LINK, needs=("net_raw",))
KEY = "lldp"
"""What is remembered: interface → switch, port, VLAN, the usual VLAN, and since when it is another."""
PLUGGED_KINDS = frozenset(["ethernet", "veth"])
MEANT = 24 * 3600.0
"""Seconds after which another VLAN is taken for the usual one."""


def read(host: Host) -> Iterable[Judgement]:
    """A switch tells every half minute; nothing is judged of ports behind which none does."""
    listener = _listener(host)
    if listener is None:
        return
    known: dict[str, dict[str, Any]] = dict(host.remembered.get(KEY, {}))
    present = {nic.name: nic for nic in interfaces(host)}
    for nic in present.values():
        _join(listener, nic)
    for interface, neighbour in listener.heard():
        known[interface] = _noted(known.get(interface, {}), neighbour, host.clock())
    known = {name: facts for name, facts in known.items() if name in present}
    if known != host.remembered.get(KEY, {}):
        host.remembered[KEY] = known
    for name, facts in sorted(known.items()):
        if facts["vlan"]:
            reason = Reason.OK if facts["vlan"] == facts["usual"] else Reason.WRONG
            yield judged(SIGNAL, entity.nic(host.name, name), reason, None, **facts)


def _noted(before: dict[str, Any], neighbour: Neighbour, now: float) -> dict[str, Any]:
    usual = before.get("usual") or neighbour.vlan
    since = before.get("since", now) if before.get("vlan") == neighbour.vlan else now
    if now - since > MEANT:
        usual = neighbour.vlan
    return {
        "switch": neighbour.switch,
        "port": neighbour.port,
        "vlan": neighbour.vlan,
        "usual": usual,
        "since": since,
    }


def _listener(host: Host) -> Listener | None:
    """None where it may not be opened, or the machine is made of files."""
    if host.real and "listener" not in host.memory:
        try:
            host.memory["listener"] = Listener()
        except OSError:
            host.memory["listener"] = None
    listener: Listener | None = host.memory.get("listener")
    return listener


def _join(listener: Listener, nic: Interface) -> None:
    if nic.up and nic.kind in PLUGGED_KINDS:
        try:
            listener.join(nic.index)
        except OSError:  # it went away meanwhile
            return
