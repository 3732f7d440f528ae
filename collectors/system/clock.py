"""Is the clock right? Value: seconds that it is behind its time source (negative: ahead)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from ipaddress import ip_address

from collectors.discovery.time_sources import time_sources
from collectors.host import Host
from collectors.judging import judged
from collectors.process_table import uptime
from collectors.system.kernel_clock import KernelClock, kernel_clock
from collectors.unit import Collector
from kernel.sntp import offset
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "time.offset"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST)
SKEWED = 2.0
"""Seconds: tickets, certificates and logs of several hosts still agree within them."""
STEP = 1.0
NEAR_SECONDS, FAR_SECONDS = 15.0, 1024.0
"""Between two questions to a source in the own network, and to a public one, which asks for that."""
PATIENCE_SECONDS = 900.0
"""So long after boot a time daemon may still be looking for its sources."""


def read(host: Host) -> Iterable[Judgement]:
    """By the first source that answers; where none does, by whether somebody set a clock that was right."""
    sources = time_sources(host)
    facts: dict[str, Scalar] = {"source": sources[0] if sources else "none configured"}
    synchronised = True
    if host.real:
        kernel = kernel_clock()
        _note_step(host, kernel)
        facts["synchronised"] = synchronised = kernel.synchronised
    off = _asked(host, sources)
    stepped: float = host.memory.get("stepped", 0.0)
    if abs(stepped) >= STEP:
        facts["stepped_seconds"] = round(stepped, 3)
        off = -stepped if off is None else off
    if off is not None and abs(off) >= SKEWED:
        reason = Reason.SKEWED
    elif sources and not synchronised and off is None and uptime(host) > PATIENCE_SECONDS:
        reason = Reason.UNSYNCHRONISED
    else:
        reason = Reason.OK
    yield judged(SIGNAL, entity.host(host.name), reason, None if off is None else round(off, 4), **facts)


def _note_step(host: Host, kernel: KernelClock) -> None:
    """How far the clock was set since it was last known to be right. Suspended time is no step.

    Known to be right: a time daemon says so, and this process is shown the time that the kernel keeps.
    """
    ahead = host.clock() - time.clock_gettime(time.CLOCK_BOOTTIME)
    last = host.memory.setdefault("ahead", ahead)
    host.memory["ahead"] = ahead
    if abs(ahead - last) >= STEP:
        host.memory["stepped"] = host.memory.get("stepped", 0.0) + ahead - last
        host.memory.pop("asked", None)
    elif kernel.synchronised and abs(host.clock() - kernel.now) < STEP:
        host.memory["stepped"] = 0.0


def _asked(host: Host, sources: list[str]) -> float | None:
    """The offset by the first source that answers, not asked more often than is polite."""
    last: tuple[float, float | None] = host.memory.get("asked", (float("-inf"), None))
    pause = NEAR_SECONDS if sources and _is_near(sources[0]) else FAR_SECONDS
    if host.ticks() - last[0] < pause * 0.9 or not host.real:
        return last[1]
    off = None
    for source in sources[:2]:
        try:
            off = offset(source, host.clock)
        except OSError:
            continue
        host.memory["stepped"] = 0.0
        break
    host.memory["asked"] = (host.ticks(), off)
    return off


def _is_near(source: str) -> bool:
    name = source.rpartition(":")[0] if source.count(":") == 1 else source
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_private or address.is_loopback
