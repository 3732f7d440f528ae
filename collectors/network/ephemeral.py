"""Are there local ports left for new connections? Value: used share, to the address most connected to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.network.net_counters import settings, sockstat
from collectors.services.sockets import ESTABLISHED, Socket, sockets
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "tcp.ephemeral"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.TRANSPORT, interval=10 * SECOND)
SYN_SENT, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE_WAIT, LAST_ACK, CLOSING = 2, 4, 5, 6, 8, 9, 11
OPEN = (ESTABLISHED, SYN_SENT, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING)
DEFAULT = (32768, 60999)
EXHAUSTED, HIGH = 0.97, 0.85
REUSED_ON_LOOPBACK, REUSED = 2, 1
"""Values of tcp_tw_reuse (kernel: Documentation/networking/ip-sysctl.rst)."""


def read(host: Host) -> Iterable[Judgement]:
    """A local port serves many destinations at once; it runs out for each of them by itself."""
    low, high = (*settings(host, "ip_local_port_range"), *DEFAULT)[:2]
    room = max(1, high - low + 1 - _reserved(host, low, high))
    stat = sockstat(host)
    most = sum(stat.get(kind, {}).get("inuse", 0) for kind in ("TCP", "TCP6")) + stat.get("TCP", {}).get(
        "tw", 0
    )
    used, to = (most, "") if most < HIGH * room else _worst(host, low, high)
    share = min(1.0, used / room)
    if not to:  # all connections together are fewer than the ports
        share = min(share, HIGH)
    reason = Reason.OK
    if to:
        reason = Reason.EXHAUSTED if share >= EXHAUSTED else Reason.HIGH if share >= HIGH else Reason.OK
    yield judged(SIGNAL, entity.host(host.name), reason, round(share, 4), used=used, ports=room, to=to)


def _worst(host: Host, low: int, high: int) -> tuple[int, str]:
    """How many ports are taken towards the destination that has most, and which it is."""
    taken: Counter[tuple[str, str, int]] = Counter()
    for state in (*OPEN, TIME_WAIT):
        for one in sockets(host, "tcp", state):
            if low <= one.port <= high and not (state == TIME_WAIT and _free_again(host, one)):
                taken[(one.address, one.remote_address, one.remote_port)] += 1
    if not taken:
        return 0, "nobody"
    (_, address, port), count = taken.most_common(1)[0]
    return count, f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _free_again(host: Host, one: Socket) -> bool:
    """The kernel may take a port in TIME-WAIT for a new connection."""
    reuse = next(iter(settings(host, "tcp_tw_reuse")), REUSED_ON_LOOPBACK)
    loopback = one.remote_address == "::1" or one.remote_address.startswith("127.")
    return reuse == REUSED or (reuse == REUSED_ON_LOOPBACK and loopback)


def _reserved(host: Host, low: int, high: int) -> int:
    """``8080,40000-40010`` of ip_local_reserved_ports."""
    try:
        text = host.read("/proc/sys/net/ipv4/ip_local_reserved_ports", 65_536).strip()
    except OSError:
        return 0
    count = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and (last or first).isdigit():
            count += max(0, min(high, int(last or first)) - max(low, int(first)) + 1)
    return count
