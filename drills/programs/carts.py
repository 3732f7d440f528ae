"""Keeps the shop's carts in Redis: writes one twice a second. Run by itself; standard library only."""

from __future__ import annotations

import ctypes
import logging
import socket
import sys
import time

PR_SET_NAME = 15
PAUSE, PATIENCE = 0.5, 3.0
CART = b"x" * 4096
log = logging.getLogger("cartd")


def command(*words: bytes) -> bytes:
    """In Redis's own protocol."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def write(door: socket.socket, number: int) -> None:
    """Raises OSError when the cache is away or refuses."""
    door.sendall(command(b"SET", b"cart:%d" % (number % 500), CART))
    answer = door.recv(512)
    if not answer.startswith(b"+"):
        raise OSError(answer.decode(errors="replace").strip() or "the connection was closed")


def keep_writing(address: tuple[str, int]) -> None:
    """Over one connection, until it fails."""
    with socket.create_connection(address, PATIENCE) as door:
        for number in range(1 << 60):
            write(door, number)
            time.sleep(PAUSE)


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"cartd", 0, 0, 0)
    logging.basicConfig(format="%(asctime)s cartd: %(message)s")
    while True:
        try:
            keep_writing((sys.argv[1], int(sys.argv[2])))
        except OSError as error:
            log.error("ERROR could not save a cart: %s", error)  # noqa: TRY400  no trace: not our bug
        time.sleep(2)


if __name__ == "__main__":
    main()
