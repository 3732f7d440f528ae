"""From when on a database is in trouble, whichever program it is."""

from __future__ import annotations

NEAR = 0.9
"""Part of what may be used at most."""
BLOCKED_SECONDS = 20.0
"""So long a session may wait for a lock before somebody should know."""
LONG_SECONDS = 4 * 3600.0
"""So long a transaction may stay open."""
LAG_SECONDS = 30.0
