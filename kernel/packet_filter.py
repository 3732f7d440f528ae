"""Programs by which the kernel lets only some packets through to a socket (classic BPF, socket(7))."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Sequence

SO_ATTACH_FILTER = 26
Line = tuple[int, int, int, int]
"""Operation, lines to skip where a test holds and where it does not, operand (linux/filter.h)."""


def attach(door: socket.socket, program: Sequence[Line]) -> None:
    """Raises OSError for a program that the kernel refuses."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    pointer = struct.pack("@HP", len(program), ctypes.addressof(code))
    door.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, pointer)
