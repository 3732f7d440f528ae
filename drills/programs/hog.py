"""Uses up one thing of a host. Run by itself; standard library only.

``hog.py cpu NAME`` · ``hog.py memory NAME`` (begins when its standard input, a file, says so) ·
``hog.py connections NAME HOST PORT COUNT``
"""

from __future__ import annotations

import ctypes
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_NAME = 15
MEGABYTE = 1 << 20


def cpu() -> None:
    while True:
        pass


def memory(go: str) -> None:
    """Waits for the file ``go``, then takes memory until it is killed."""
    while not Path(go).exists():
        time.sleep(0.05)
    taken = []
    while True:
        taken.append(bytearray(b"\1") * MEGABYTE)


def connections(host: str, port: str, count: str) -> None:
    """Holds connections, and takes a new one for each that the other side closes."""
    held: list[socket.socket] = []
    while True:
        while len(held) < int(count):
            held.append(socket.create_connection((host, int(port)), 5))
            held[-1].setblocking(False)
        held = [one for one in held if alive(one)]
        time.sleep(0.2)


def alive(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(1))
    except BlockingIOError:
        return True
    except OSError:
        return False


def main() -> None:
    kind, name, *rest = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
    kinds: dict[str, Callable[..., None]] = {"cpu": cpu, "memory": memory, "connections": connections}
    kinds[kind](*rest)


if __name__ == "__main__":
    main()
