"""Runs one outside command with a deadline and a size limit, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence

import msgspec

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
REAP_SECONDS = 0.5
"""A process in uninterruptible sleep does not die; it is not waited for longer than this."""
LINGER_SECONDS = 0.3
"""What it says is taken for so long after its end, where a child of it keeps the pipe open."""
_stuck: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}
"""Those that did not die. The same again would hang in the same place: one of them is enough."""


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
    stuck: bool = False
    """Even SIGKILL did not end it, or it was not started because an earlier one is still there like that."""

    @property
    def ok(self) -> bool:
        return self.code == 0 and not (self.missing or self.late or self.cut)

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")


def run_command(argv: Sequence[str], timeout: float, limit: int) -> Completed:
    """``limit`` bounds both outputs, in bytes; ``timeout`` is in seconds. Never raises for what it does."""
    for those in [those for those, child in list(_stuck.items()) if child.poll() is not None]:
        _stuck.pop(those, None)
    if tuple(argv) in _stuck:
        return Completed(late=True, stuck=True)
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
    with child.stdout as out, child.stderr as err, _announced_end(child.pid) as ended:
        outputs = {out.fileno(): bytearray(), err.fileno(): bytearray()}
        late, cut, lingers = _listen(outputs, ended, timeout, limit)
        code = _end(child, kill=late or cut or lingers)
        said, complained = (bytes(output[:limit]) for output in outputs.values())
    if code is None:
        _stuck[tuple(argv)] = child
    stuck = code is None
    return Completed(
        code=-1 if code is None else code,
        out=said,
        err=complained,
        late=late or stuck,
        cut=cut,
        stuck=stuck,
    )


@contextlib.contextmanager
def _announced_end(pid: int) -> Iterator[int]:
    """A descriptor that is readable when the process has ended; -1 before Linux 5.3."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        yield -1
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _listen(outputs: dict[int, bytearray], ended: int, timeout: float, limit: int) -> tuple[bool, bool, bool]:
    """Read until both pipes end, the deadline (late), the limit (cut), or only others hold them (lingers)."""
    deadline = time.monotonic() + timeout
    gone = False
    with selectors.DefaultSelector() as selector:
        for descriptor in (*outputs, *([ended] if ended >= 0 else [])):
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map().keys() & outputs.keys():
            left = deadline - time.monotonic()
            if left <= 0:
                return not gone, False, gone
            for key, _ in selector.select(left):
                if key.fd == ended:
                    selector.unregister(ended)
                    gone, deadline = True, min(deadline, time.monotonic() + LINGER_SECONDS)
                    continue
                chunk = os.read(key.fd, 65_536)
                if not chunk:
                    selector.unregister(key.fd)
                outputs[key.fd] += chunk
            if sum(map(len, outputs.values())) > limit:
                return False, True, False
    return False, False, False


def _end(child: subprocess.Popen[bytes], *, kill: bool) -> int | None:
    """Its exit code; None for one that does not die. What it left behind in its group dies with it."""
    if not kill:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(REAP_SECONDS)
    _kill_group(child.pid)
    try:
        return child.wait(REAP_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
