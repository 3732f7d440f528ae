"""Runs the agent without the docstrings of all its libraries: a tenth of its memory, which nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

MAIN = Path(__file__).with_name("main.py")
COMPILE_SECONDS = 600.0
COMM, NAME = Path("/proc/self/comm"), "rootward"
"""Started anew by the interpreter, it would bear that one's name; who looks for it looks for its own."""


def become_lean(home: Path) -> None:
    """Start this program anew, in the same process, with ``-OO`` for it and its children.

    Byte code is kept beside the sources, or in ``home`` where there is none and nothing may or shall be
    written (``PYTHONDONTWRITEBYTECODE``). A child compiles it first: what compiles keeps the memory.
    Returns where it is lean.
    """
    if sys.flags.optimize >= 2:
        with suppress(OSError):
            COMM.write_text(NAME)
        return
    beside = (os.access(MAIN.parent, os.W_OK) or _compiled()) and not sys.dont_write_bytecode
    if not beside and sys.pycache_prefix is None:
        sys.pycache_prefix = str(home / "cache" / "code")
    environment = {**os.environ, "PYTHONOPTIMIZE": "2", "PYTHONDONTWRITEBYTECODE": ""}
    if sys.pycache_prefix:
        environment["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    try:
        if not _compiled():
            subprocess.run(
                [sys.executable, "-P", "-c", "import agent.main"],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=COMPILE_SECONDS,
                check=True,
            )
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - ourselves
    except (OSError, subprocess.SubprocessError) as error:
        print(f"rootward agent: goes on with all docstrings: {error}", file=sys.stderr)


def _compiled() -> bool:
    code = Path(cache_from_source(str(MAIN), optimization="2"))
    return code.exists() and code.stat().st_mtime_ns >= MAIN.stat().st_mtime_ns
