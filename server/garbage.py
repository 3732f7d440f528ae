"""How often the interpreter searches for garbage."""

from __future__ import annotations

import gc


def spare_collector() -> None:
    """What ingest makes has no cycles: reference counts free it.

    With the default thresholds a quarter of the time on a busy server goes into searching for garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
