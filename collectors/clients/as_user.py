"""Connects as another user of this machine, for servers that ask the kernel who is there (``peer``).

At the kernel level user ids belong to the thread: the raw system call changes this one only (credentials(7)).
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

_SETRESUID = {"x86_64": 117, "aarch64": 147, "riscv64": 147, "ppc64le": 164, "s390x": 208}
_SAME = -1
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def as_user(uid: int) -> Iterator[None]:
    """Nothing but connecting may be done inside. Without root, or on an unknown machine, nothing changes."""
    number = _SETRESUID.get(platform.machine())
    if os.geteuid() != 0 or uid == 0 or number is None:
        yield
        return
    _set(number, uid)
    try:
        yield
    finally:
        _set(number, 0)


def _set(number: int, uid: int) -> None:
    if _libc.syscall(ctypes.c_long(number), ctypes.c_long(_SAME), ctypes.c_long(uid), ctypes.c_long(_SAME)):
        raise PermissionError(ctypes.get_errno(), "setresuid")
