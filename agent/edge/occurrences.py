"""Keeps a storm of log lines bounded: each key now and then, all together so many a second."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from wire.judgement import Judgement

GAP = 10.0
"""Seconds between two occurrences of one key that are told."""
BURST, PER_SECOND = 100.0, 10.0
KEYS = 2_000


class Occurrences:
    """The first of a key is always told while the burst lasts; what was held back is counted on the next."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()
        self._tokens = BURST
        self._filled_at = 0.0
        self.suppressed = 0

    def admit(self, judgement: Judgement, now: float) -> Judgement | None:
        """The judgement to tell, or None to hold it back. ``now`` in seconds that never step."""
        key = (judgement.signal, judgement.subject)
        told_at, held = self._told.get(key, (float("-inf"), 0))
        self._tokens = min(BURST, self._tokens + (now - self._filled_at) * PER_SECOND)
        self._filled_at = now
        if now - told_at < GAP or self._tokens < 1:
            self._remember(key, told_at, held + 1)
            self.suppressed += 1
            return None
        self._tokens -= 1
        self._remember(key, now, 0)
        if not held:
            return judgement
        return msgspec.structs.replace(judgement, evidence={**judgement.evidence, "held_back": held})

    def _remember(self, key: tuple[str, str], told_at: float, held: int) -> None:
        self._told[key] = (told_at, held)
        self._told.move_to_end(key)
        if len(self._told) > KEYS:
            self._told.popitem(last=False)
