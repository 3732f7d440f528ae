"""Joins its standard input and output, which are one socket, with a port of the loopback: ``joined.py 8470``.

Started by QEMU for each connection that the virtual machine opens to the outside; standard library only.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

AT_ONCE = 1 << 16


def main(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as peer:
        back = threading.Thread(target=copy_back, args=(peer,), daemon=True)
        back.start()
        while block := os.read(0, AT_ONCE):
            peer.sendall(block)
        peer.shutdown(socket.SHUT_WR)
        back.join()


def copy_back(peer: socket.socket) -> None:
    """Until the peer has nothing more to say; then nobody needs this process."""
    try:
        while block := peer.recv(AT_ONCE):
            written = 0
            while written < len(block):
                written += os.write(1, block[written:])
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
