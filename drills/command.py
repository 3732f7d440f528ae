"""The one door through which the drills run outside commands: argument lists, with a deadline."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from drills.errors import LabError


def run(
    argv: Sequence[str], *, timeout: float = 20, stdin: str | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Raises LabError with what the command said when it fails (``check``) or takes too long."""
    try:
        done = subprocess.run(
            list(argv), input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(argv)!r} took more than {timeout:g} s") from None
    except FileNotFoundError:
        raise LabError(f"{argv[0]!r} is not installed; see deploy/debian/test.txt") from None
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise LabError(f"{' '.join(argv)!r} ended with {done.returncode}: {said[-2000:]}")
    return done
