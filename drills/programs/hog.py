"""Uses up one thing of a host. Run by itself; standard library only.

``hog.py KIND NAME …``: each function here is one kind, and what follows are its arguments.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import socket
import struct
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


def leak(per_second: str, most: str) -> None:
    """Takes so many megabytes each second, up to ``most``."""
    taken: list[bytearray] = []
    while True:
        if len(taken) < int(most):
            taken.extend(bytearray(b"\1") * MEGABYTE for _ in range(int(per_second)))
        time.sleep(1)


def connections(host: str, port: str, count: str) -> None:
    """Holds connections, and takes a new one for each that the other side closes."""
    hold(host, port, count, b"")


def sessions(host: str, port: str, count: str) -> None:
    """The same of PostgreSQL, signed in and idle."""
    hold(host, port, count, hello())


def hello() -> bytes:
    """A start-up message (PostgreSQL, frontend/backend protocol 3.0)."""
    who = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
    return struct.pack("!i", len(who) + 4) + who


def hold(host: str, port: str, count: str, first: bytes) -> None:
    held: list[socket.socket] = []
    while True:
        with contextlib.suppress(OSError):
            while len(held) < int(count):
                held.append(socket.create_connection((host, int(port)), 5))
                held[-1].sendall(first)
                held[-1].setblocking(False)
        held = [one for one in held if alive(one)]
        time.sleep(0.2)


def alive(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(4096))
    except BlockingIOError:
        return True
    except OSError:
        return False


def asks(host: str, port: str, pause: str, query: str) -> None:
    """Asks PostgreSQL again and again; with ``never`` for a pause once, and then keeps the session open."""
    body = query.encode() + b"\0"
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 5) as door:
            door.settimeout(None)
            door.sendall(hello())
            answers(door)
            door.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
            answers(door)
            time.sleep(1e9 if pause == "never" else float(pause))


def answers(door: socket.socket) -> None:
    """All of one answer: up to ReadyForQuery, which is the only message that ends in these bytes."""
    said = b""
    while said[-6:-1] != b"Z\0\0\0\5":
        if not (chunk := door.recv(65536)):
            raise ConnectionError
        said += chunk


def listens(port: str) -> None:
    """Takes a port, and says nothing to who calls there."""
    with socket.create_server(("0.0.0.0", int(port))) as door:
        while True:
            door.accept()[0].close()


def zombies(count: str) -> None:
    """Children that end, and are never asked how."""
    for _ in range(int(count)):
        if not os.fork():
            os._exit(0)
    time.sleep(1e9)


def blocks() -> None:
    """Waits in the kernel for a child that never begins another program (vfork(2))."""
    clone, vfork, sigchld = {"x86_64": 56, "aarch64": 220}[os.uname().machine], 0x4000, 17
    if not ctypes.CDLL(None).syscall(clone, vfork | sigchld, 0, 0, 0, 0):
        time.sleep(1e9)


def tasks() -> None:
    """Children that wait, until no more can be started; says so as a shell does."""
    while True:
        try:
            if not os.fork():
                time.sleep(1e9)
        except OSError as error:
            print(f"{time.strftime('%F %T')} reportd: fork: retry: {error.strerror}", flush=True)
            time.sleep(1)


def files(limit: str) -> None:
    """Opens files and closes none; under the limit that a program has of its shell."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(limit), int(limit)))
    opened = []
    while True:
        try:
            opened.append(os.open("/etc/hostname", os.O_RDONLY))
        except OSError as error:
            print(f"{time.strftime('%F %T')} reportd: cannot open a report: {error}", flush=True)
            time.sleep(2)


def deleted(path: str) -> None:
    """Fills the file system with a file that has no name any more."""
    with Path(path).open("wb", buffering=0) as file:
        Path(path).unlink()
        for size in (MEGABYTE, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\1" * size):
                    pass
        time.sleep(1e9)


def writes(path: str) -> None:
    """Appends to a file and waits each time until it is on the disk; begins anew when it is large."""
    while True:
        with Path(path).open("wb", buffering=0) as file:
            for _ in range(256):
                with contextlib.suppress(OSError):
                    file.write(b"\1" * 4096)
                    os.fsync(file.fileno())
                time.sleep(0.1)


def backups(path: str) -> None:
    """Writes the same small file again and again, as a nightly job does."""
    while True:
        with contextlib.suppress(OSError):
            Path(path).write_text(f"{time.time():.0f} items\n" * 64)
        time.sleep(3)


KINDS: dict[str, Callable[..., None]] = {
    one.__name__: one
    for one in (
        cpu,
        memory,
        leak,
        connections,
        sessions,
        asks,
        listens,
        zombies,
        blocks,
        tasks,
        files,
        deleted,
        writes,
        backups,
    )
}


def main() -> None:
    kind, name, *rest = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
    KINDS[kind](*rest)


if __name__ == "__main__":
    main()
