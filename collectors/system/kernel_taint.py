"""Has the kernel run into trouble since it was booted? Value: its taint flags, as a number."""

from __future__ import annotations

from collections.abc import Iterable

from collectors import cgroups
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "kernel.taint"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=60 * SECOND)
LETTERS = "PFSRMBUDAWCIOELKXTN"
"""By bit (kernel: Documentation/admin-guide/tainted-kernels.rst)."""
TROUBLE = {"M": "a machine check", "B": "a bad page", "D": "an oops"}
HUNG = {"L": "a soft lockup"}
DOUBTFUL = {"W": "a warning", "R": "a module unloaded by force", "F": "a module loaded by force"}
"""Modules from elsewhere are no trouble."""
WORST_FIRST = ((TROUBLE, Reason.ERRORS), (HUNG, Reason.HUNG), (DOUBTFUL, Reason.HIGH))


def read(host: Host) -> Iterable[Judgement]:
    flags = cgroups.number(host, "/proc/sys/kernel/tainted")
    if flags is None:
        return
    set_ = [letter for bit, letter in enumerate(LETTERS) if flags >> bit & 1]
    known = {**TROUBLE, **HUNG, **DOUBTFUL}
    yield judged(
        SIGNAL,
        entity.host(host.name),
        next((reason for letters, reason in WORST_FIRST if letters.keys() & set(set_)), Reason.OK),
        flags,
        flags="".join(set_),
        after=", ".join(known[letter] for letter in set_ if letter in known),
    )
