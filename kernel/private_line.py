"""The first line of a file that only its owner may read: how a secret reaches the agent."""

from __future__ import annotations

import os
import stat

LONGEST = 4096


def private_line(descriptor: int) -> str | None:
    """None for what is no plain file, or may be read by others too. Raises OSError."""
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return None
    content = os.read(descriptor, LONGEST)
    return content.partition(b"\n")[0].decode("utf-8", "replace").strip("\r")
