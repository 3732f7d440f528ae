"""Calls, sends, takes and ignores. Run by itself on a lab host; standard library only.

``traffic.py KIND NAME …``: each function here is one kind, and what follows are its arguments.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import sys
import time
from collections.abc import Callable

PR_SET_NAME = 15


def calls(host: str, port: str, per_second: str) -> None:
    """Opens a connection and closes it at once, again and again."""
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection((host, int(port)), 5).close()
        time.sleep(1 / float(per_second))


def datagrams(host: str, port: str, kilobytes: str) -> None:
    """A kilobyte at a time, whoever listens; so many each second, in ten bursts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        while True:
            for _ in range(int(kilobytes) // 10):
                with contextlib.suppress(OSError):
                    way.sendto(bytes(1024), (host, int(port)))
            time.sleep(0.1)


def stream(host: str, port: str, kilobytes: str) -> None:
    """One connection, made anew when it breaks; so many kilobytes each second, in five bursts."""
    burst = bytes(1024 * (int(kilobytes) // 5))
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 5) as way:
            while True:
                way.sendall(burst)
                time.sleep(0.2)
        time.sleep(1)


def sink(port: str) -> None:
    """Takes what one caller after the other sends, and throws it away."""
    with socket.create_server(("0.0.0.0", int(port))) as door:
        while True:
            taken, _ = door.accept()
            with contextlib.suppress(OSError), taken:
                while taken.recv(65_536):
                    pass


def queue(port: str) -> None:
    """Listens, and takes one caller a minute until SIGUSR1, from then on all; after SIGUSR2 few again."""
    pauses = {signal.SIGUSR1: 0.0, signal.SIGUSR2: 60.0}
    signal.pthread_sigmask(signal.SIG_BLOCK, pauses)
    pause = pauses[signal.SIGUSR2]
    with socket.create_server(("0.0.0.0", int(port)), backlog=8) as door:
        while True:
            taken, _ = door.accept()
            taken.close()
            told = signal.sigtimedwait(pauses, pause)
            pause = pauses[signal.Signals(told.si_signo)] if told else pause


KINDS: dict[str, Callable[..., None]] = {one.__name__: one for one in (calls, datagrams, stream, sink, queue)}


def main() -> None:
    kind, name, *rest = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
    KINDS[kind](*rest)


if __name__ == "__main__":
    main()
