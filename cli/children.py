"""Child processes that end when we do, in the order we want."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 8.0
_libc = ctypes.CDLL(None, use_errno=True)


def program() -> list[str]:
    """How we were called, so that our children go by our name in every process list."""
    script = Path(sys.argv[0])
    if script.name == "rootward" and script.is_file():
        return [sys.executable, str(script.absolute())]
    return [sys.executable, "-m", "cli.main"]


def start(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The same program with other arguments, in a session of its own, so that a Ctrl-C reaches only us."""
    return subprocess.Popen(
        [*program(), *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread runs yet when children are started
    )


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and insist when it does not."""
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
