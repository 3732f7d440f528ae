"""Has the kernel randomness to give? Value: bits."""

from __future__ import annotations

from collections.abc import Iterable

from collectors import cgroups
from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import in_a_row
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "host.entropy"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=60 * SECOND)
FOLDER = "/proc/sys/kernel/random"
LOW, LOOKS = 100, 3


def read(host: Host) -> Iterable[Judgement]:
    """random(4): since Linux 5.18 the pool is 256 bits and, once filled, never runs dry."""
    bits = cgroups.number(host, f"{FOLDER}/entropy_avail")
    if bits is None:
        return
    dry = in_a_row(host, SIGNAL, so=bits < LOW) >= LOOKS
    yield judged(SIGNAL, entity.host(host.name), Reason.EXHAUSTED if dry else Reason.OK, bits)
