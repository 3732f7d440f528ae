"""What the kernel knows of its clock: adjtimex(2), asked without changing anything."""

from __future__ import annotations

import ctypes

import msgspec

UNSYNCHRONISED = 0x40
"""STA_UNSYNC"""
NANOSECONDS = 0x2000
"""STA_NANO: offsets are in nanoseconds, else in microseconds."""
FREQUENCY_UNIT = 1e6 * 65536
"""The kernel tells millionths, with 16 bits behind the point."""


class _Timex(ctypes.Structure):
    """struct timex of the Linux C libraries."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", ctypes.c_long * 2),
        ("rest", ctypes.c_char * 256),
    )


class KernelClock(msgspec.Struct, frozen=True):
    synchronised: bool
    """A time daemon keeps telling the kernel that it is."""
    offset: float
    """Seconds still to be slewed away."""
    largest_error: float
    """Seconds, by the daemon's own estimate."""
    estimated_error: float
    """Seconds."""
    frequency: float
    """How fast the clock is made to run: 1.00001 is ten millionths faster than by itself."""
    now: float
    """Seconds since the epoch."""


def kernel_clock() -> KernelClock:
    """Raises OSError where the kernel does not tell."""
    library = ctypes.CDLL(None, use_errno=True)
    told = _Timex()
    if library.adjtimex(ctypes.byref(told)) < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")
    unit = 1e-9 if told.status & NANOSECONDS else 1e-6
    return KernelClock(
        synchronised=not told.status & UNSYNCHRONISED,
        offset=told.offset * unit,
        largest_error=told.maxerror * 1e-6,
        estimated_error=told.esterror * 1e-6,
        frequency=1 + told.freq / FREQUENCY_UNIT,
        now=told.time[0] + told.time[1] * unit,
    )
