"""What several units want at about the same time, read once for all of them."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, TypeVar, cast

T = TypeVar("T")


class SharedReadings:
    """Any thread may call: one makes a reading, the others that want the same one wait for it."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def get(self, key: str, seconds: float, ticks: Callable[[], float], make: Callable[[], T]) -> T:
        kept = self._kept.setdefault(key, _Kept())
        with kept.lock:
            now = ticks()
            if now - kept.at > seconds:
                kept.value = make()
                kept.at = now
            return cast("T", kept.value)

    def put(self, key: str, now: float, value: object) -> None:
        """Waits for nobody."""
        kept = self._kept.setdefault(key, _Kept())
        kept.value = value  # before its time: another thread may look in between
        kept.at = now

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)


class _Kept:
    def __init__(self) -> None:
        self.lock = RLock()
        self.at = float("-inf")
        self.value: Any = None
