"""Says goodbye before the machine sleeps, and comes back when it wakes: logind tells, and waits for us.

systemd: org.freedesktop.login1(5), PrepareForSleep, and the delay locks of
https://systemd.io/INHIBITOR_LOCKS. Without a lock the network may be gone before the goodbye is.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from collectors.awaiting import Bell
from kernel.message_bus import SYSTEM, BusError, MessageBus

log = logging.getLogger("rootward.sleep")
LOGIND, PLACE, MANAGER = "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"
SIGNAL = "PrepareForSleep"
AGAIN = 300.0
"""Seconds until the bus is tried again: it may have been restarted."""


@dataclass
class Sleep:
    """``leave`` says goodbye and blocks for a few seconds at most; ``back`` ends the silence, if any."""

    leave: Callable[[], None]
    back: Callable[[], None]
    path: str = SYSTEM
    _lock: int = -1

    async def run(self) -> None:
        """For as long as the agent lives; where there is no such bus there is nothing to do."""
        while True:
            try:
                await self._listen()
            except BusError as error:
                log.info("cannot hear that the machine goes to sleep: %s", error)
            finally:
                self._let_go()
                self.back()  # without the bus nobody would say that the night is over
            await asyncio.sleep(AGAIN)

    async def _listen(self) -> None:
        if not os.path.exists(self.path):  # noqa: ASYNC240, PTH110
            return
        with MessageBus(self.path) as bus:
            bus.listen(LOGIND, MANAGER, SIGNAL)
            self._hold(bus)
            with Bell(bus.fileno()) as bell:
                while True:
                    for message in bus.signals():
                        if message.member == SIGNAL:  # the bus itself says things too
                            await self._heard(bus, falls_asleep=message.body[:1] == (True,))
                    await bell.rung()

    async def _heard(self, bus: MessageBus, *, falls_asleep: bool) -> None:
        if falls_asleep:
            log.info("the machine goes to sleep")
            await asyncio.to_thread(self.leave)
            self._let_go()
        else:
            log.info("the machine is awake again")
            self.back()
            self._hold(bus)

    def _hold(self, bus: MessageBus) -> None:
        """Ask to be waited for. Refused (no right to it), the goodbye may come too late."""
        if self._lock >= 0:
            return
        words = ("sleep", "Rootward", "tells its server first", "delay")
        try:
            answer = bus.call(LOGIND, PLACE, f"{MANAGER}.Inhibit", *words)
        except BusError as error:
            log.info("the machine will not wait for the goodbye before it sleeps: %s", error)
            return
        self._lock = answer.descriptors[0] if answer.descriptors else -1

    def _let_go(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
