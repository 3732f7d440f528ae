"""A bad stretch of cable between two TAP devices. Run by itself, as root; standard library only.

``splice.py NAME NEAR FAR [--delay MS] [--jitter MS] [--damage PERCENT] [--late PERCENT]``: every frame that
enters one device leaves by the other: later, or behind those that came after it, or, of what comes from FAR,
with a bit turned over (one of the pairs of wires is bad).
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import time

PR_SET_NAME = 15
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
FRAME = 65_536
HEADERS = 34
"""Ethernet and IPv4: what is damaged behind them is found out by the machine that it reaches."""
LATE_BY = 0.03
"""Seconds for which a late frame is held: some others of its connection pass it."""
IPV4 = b"\x08\x00"


def tap(name: str) -> int:
    """A handle of the TAP device, which is made if it is not there (Documentation/networking/tuntap.rst)."""
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(handle, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return handle


def damaged(frame: bytes) -> bytes:
    """One bit of the payload turned over; what is no IPv4 is left alone."""
    if frame[12:14] != IPV4 or len(frame) <= HEADERS:
        return frame
    spoilt = bytearray(frame)
    spoilt[random.randrange(HEADERS, len(frame))] ^= 1 << random.randrange(8)
    return bytes(spoilt)


def chance(percent: float) -> bool:
    return random.random() * 100 < percent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("ends", nargs=2)
    for wish in ("delay", "jitter", "damage", "late"):
        parser.add_argument(f"--{wish}", type=float, default=0.0)
    wanted = parser.parse_args()
    near, far = map(tap, wanted.ends)
    # Whoever waits for this name may use the devices.
    ctypes.CDLL(None).prctl(PR_SET_NAME, wanted.name.encode(), 0, 0, 0)
    other = {near: far, far: near}
    under_way: list[tuple[float, int, int, bytes]] = []
    count = 0
    while True:
        wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        for handle in select.select(list(other), (), (), wait)[0]:
            frame = os.read(handle, FRAME)
            due = time.monotonic() + (wanted.delay + random.uniform(0, wanted.jitter)) / 1000
            due += LATE_BY if chance(wanted.late) else 0.0
            count += 1
            sent = damaged(frame) if handle == far and chance(wanted.damage) else frame
            heapq.heappush(under_way, (due, count, other[handle], sent))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, handle, frame = heapq.heappop(under_way)
            try:
                os.write(handle, frame)
            except OSError:  # the device is down, or its queue is full: a cable would have lost it, too
                continue


if __name__ == "__main__":
    main()
