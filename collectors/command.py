"""Runs one outside command with a deadline and a size limit, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence

import msgspec

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
REAP_SECONDS = 0.5
"""A process in uninterruptible sleep does not die; it is not waited for longer than this."""


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended."""

    code: int = -1
    out: bytes = b""
    err: bytes = b""
    missing: bool = False
    """There is no such command here."""
    late: bool = False
    """It was killed at its deadline."""
    cut: bool = False
    """It said more than the limit and was killed."""

    @property
    def ok(self) -> bool:
        return self.code == 0 and not (self.missing or self.late or self.cut)

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")


def run_command(argv: Sequence[str], timeout: float, limit: int) -> Completed:
    """``limit`` bounds both outputs, in bytes; ``timeout`` is in seconds. Never raises for what it does."""
    try:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return Completed(missing=True)
    if child.stdout is None or child.stderr is None:
        raise AssertionError("both outputs are pipes")
    with child.stdout as out, child.stderr as err:
        outputs = {out.fileno(): bytearray(), err.fileno(): bytearray()}
        late, cut = _listen(outputs, timeout, limit)
        code = _end(child, kill=late or cut)
        said, complained = (bytes(output[:limit]) for output in outputs.values())
    return Completed(code=code, out=said, err=complained, late=late, cut=cut)


def _listen(outputs: dict[int, bytearray], timeout: float, limit: int) -> tuple[bool, bool]:
    """Read until both pipes end, or until the deadline (late) or the limit (cut) is passed."""
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for descriptor in outputs:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return True, False
            for key, _ in selector.select(left):
                chunk = os.read(key.fd, 65_536)
                if not chunk:
                    selector.unregister(key.fd)
                outputs[key.fd] += chunk
            if sum(map(len, outputs.values())) > limit:
                return False, True
    return False, False


def _end(child: subprocess.Popen[bytes], *, kill: bool) -> int:
    if kill:
        _kill_group(child.pid)
    try:
        return child.wait(REAP_SECONDS)
    except subprocess.TimeoutExpired:
        _kill_group(child.pid)
    try:
        return child.wait(REAP_SECONDS)
    except subprocess.TimeoutExpired:
        return -1


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
