"""How often somebody may try: a bound per caller and one for all, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict, deque

MAX_CALLERS = 4096


class Throttle:
    """At most ``each`` tries per caller and ``all_together`` in total, in any ``seconds``."""

    def __init__(self, each: int, all_together: int, seconds: float) -> None:
        self._each = each
        self._all = all_together
        self._seconds = seconds
        self._callers: OrderedDict[str, deque[float]] = OrderedDict()
        self._total: deque[float] = deque()

    def wait(self, caller: str, now: float) -> float:
        """Counts a try and returns 0; or, over the bound, the seconds until the next one is allowed."""
        tries = self._callers.setdefault(caller, deque())
        self._callers.move_to_end(caller)
        while len(self._callers) > MAX_CALLERS:
            self._callers.popitem(last=False)
        for times, limit in ((tries, self._each), (self._total, self._all)):
            while times and times[0] <= now - self._seconds:
                times.popleft()
            if len(times) >= limit:
                return max(0.1, times[0] + self._seconds - now)
        tries.append(now)
        self._total.append(now)
        return 0.0

    def forgive(self, caller: str) -> None:
        """After a success the caller starts anew."""
        self._callers.pop(caller, None)
