"""Answers questions by UDP late, or badly. Run by itself; standard library only.

``relay.py NAME PORT late SECONDS ADDRESS`` hands each question on to a name server, and its answer back so
many seconds later; ``relay.py NAME PORT fail`` answers each question with SERVFAIL (RFC 1035, 4.1.1).
"""

from __future__ import annotations

import ctypes
import socket
import sys
import threading
import time
from collections.abc import Callable

PR_SET_NAME = 15
DATAGRAM = 4096
PATIENCE = 5.0
ANSWER, SERVFAIL = 0x80, 2
HEADER = 12


def late(question: bytes, seconds: str, address: str) -> bytes:
    """Raises OSError when the name server does not answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.settimeout(PATIENCE)
        way.sendto(question, (address, 53))
        answer = way.recv(DATAGRAM)
    time.sleep(float(seconds))
    return answer


def fail(question: bytes) -> bytes:
    """The question itself, marked as an answer with this code and nothing in it."""
    head = bytes([question[0], question[1], question[2] | ANSWER, SERVFAIL])
    return head + question[4:]


KINDS: dict[str, Callable[..., bytes]] = {"late": late, "fail": fail}


def main() -> None:
    name, port, kind, *rest = sys.argv[1:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("0.0.0.0", int(port)))
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)

        def answer(question: bytes, asker: tuple[str, int]) -> None:
            try:
                door.sendto(KINDS[kind](question, *rest), asker)
            except OSError:  # no answer is what a client sees of it
                return

        while True:
            question, asker = door.recvfrom(DATAGRAM)
            if len(question) >= HEADER:
                threading.Thread(target=answer, args=(question, asker), daemon=True).start()


if __name__ == "__main__":
    main()
