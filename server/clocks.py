"""How far an agent's clock is from the server's, and how sure that is."""

from __future__ import annotations

import msgspec

WINDOW = 8
"""Batches that the estimate looks back on: a slow delivery is forgotten, a real step is learnt."""
IN_STEP = 0.5
"""Seconds below which a clock counts as right: delivery alone explains as much."""
MOVED = 1.0
"""Seconds; a difference that grows more slowly is met when all clocks are compared."""
FLOOR = 0.02
STEP = 120.0
"""Seconds: no request takes so long, and each says when it was sent. A greater change is a clock that was
set."""


class Clock(msgspec.Struct):
    """The estimate for one agent.

    Each batch says when it was sent, by the agent's clock. What the server's clock shows on arrival is
    that time, plus the true shift, plus the time on the way, which is never negative: so the smallest
    difference of the window is the best estimate of the shift (RFC 5905 filters for the same reason).
    """

    samples: list[float] = []

    def hear(self, sent_at: float, received_at: float) -> bool:
        """Whether the shift has moved by it, or is known only now that it shows."""
        known, sample = self.samples, received_at - sent_at
        stepped = bool(known) and abs(sample - known[-1]) > STEP
        if len(known) == WINDOW and not stepped and min(known[0], sample) >= min(known[1:]):
            self.samples = [*known[1:], sample]
            return False  # the smallest stays, as nearly always
        before = self.surely
        if stepped:
            self.forget()
        self.samples = [*self.samples, sample][-WINDOW:]
        after = self.surely
        return after is not None and abs(after - (before or 0.0)) > MOVED

    def forget(self) -> None:
        """After a boot the clock may have been set."""
        self.samples = []

    @property
    def shift(self) -> float:
        """Seconds to add to a time of the agent to get the server's."""
        smallest = min(self.samples) if self.samples else 0.0
        return smallest if abs(smallest) > IN_STEP else 0.0

    @property
    def surely(self) -> float | None:
        """The shift; None while a slow way may be all there is to it."""
        shift = self.shift
        slow_way_or_clock = IN_STEP < abs(shift) <= STEP
        full = len(self.samples) == WINDOW
        return shift if full or (self.samples and not slow_way_or_clock) else None

    @property
    def error(self) -> float:
        """Bound, in seconds, of what the translation may be wrong by."""
        if not self.samples:
            return IN_STEP
        smallest = min(self.samples)
        if abs(smallest) <= IN_STEP:
            return abs(smallest) + FLOOR
        spread = sorted(self.samples)[len(self.samples) // 2] - smallest
        return FLOOR + (min(spread, 5.0) if len(self.samples) > 1 else IN_STEP)
