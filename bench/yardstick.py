"""How fast the machine is at this moment: figures of a busy one cannot be read without it."""

from __future__ import annotations

import os
import time

ADDITIONS = 10_000_000


def yardstick() -> str:
    """The load, and what ten million additions cost: 0.65 s of CPU where these files were written."""
    began, total = time.process_time(), 0
    for number in range(ADDITIONS):
        total += number
    cpu = time.process_time() - began
    return f"load average {os.getloadavg()[0]:.1f}; ten million additions take {cpu:.2f} s of CPU"


if __name__ == "__main__":
    print(yardstick())
