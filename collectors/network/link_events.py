"""Says when the kernel announces that some network interface changed (rtnetlink(7))."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

from collectors.awaiting import Bell

LINK_GROUP = 1
"""RTMGRP_LINK."""
SETTLE = 0.05
"""Seconds in which the several messages of one change arrive."""


async def link_events() -> AsyncIterator[None]:
    """Once for each change, after it has settled. Raises OSError where the kernel has no such socket."""
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
    ) as door:
        door.setblocking(False)
        door.bind((0, LINK_GROUP))
        with Bell(door.fileno()) as bell:
            while True:
                await bell.rung()
                await asyncio.sleep(SETTLE)
                _drain(door)
                yield None


def _drain(door: socket.socket) -> None:
    """What the messages say is read afresh; an overrun (ENOBUFS) therefore loses nothing."""
    while True:
        try:
            door.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            continue
