"""Which capabilities this process has: capabilities(7)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

NUMBERS = {
    "CAP_DAC_READ_SEARCH": 2,
    "CAP_NET_ADMIN": 12,
    "CAP_NET_RAW": 13,
    "CAP_SYS_RAWIO": 17,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_ADMIN": 21,
    "CAP_SYSLOG": 34,
}
"""Those that a unit may name in its ``needs``, from linux/capability.h."""


def name_of(need: str) -> str:
    """``net_raw`` → ``CAP_NET_RAW``."""
    return f"CAP_{need.upper().removeprefix('CAP_')}"


def lacking(needs: Iterable[str], status: Path = Path("/proc/self/status")) -> tuple[str, ...]:
    """The names of those that are not in effect; all of them where the kernel does not tell."""
    effective = 0
    for line in status.read_text(encoding="ascii", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key == "CapEff":
            effective = int(value, 16)
    return tuple(name for name in map(name_of, needs) if not effective >> NUMBERS[name] & 1)
