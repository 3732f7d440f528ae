"""What QEMU starts for a connection of the virtual machine joins it with the server's port."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading

from drills.machine.hardware import JOINED


def test_what_is_said_on_either_side_reaches_the_other_until_one_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]

        def serve() -> None:
            peer, _ = door.accept()
            with peer:
                peer.sendall(peer.recv(100).upper())

        threading.Thread(target=serve, daemon=True).start()
        ours, its = socket.socketpair()
        with ours, its:
            joined = subprocess.Popen([sys.executable, "-I", "-S", JOINED, str(port)], stdin=its, stdout=its)
            its.close()
            ours.sendall(b"question")
            assert ours.recv(100) == b"QUESTION"
            assert ours.recv(100) == b""
            assert joined.wait() == 0
