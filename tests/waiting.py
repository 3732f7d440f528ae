"""How the tests wait for what comes to pass by itself."""

from __future__ import annotations

import time
from collections.abc import Callable


def soon(true: Callable[[], object], seconds: float = 100) -> bool:
    """Whether it comes to pass; a busy machine needs long."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
