"""A link whose way is cut while it speaks, in a network namespace of its own; says what became of it.

``python -m tests.agent.lost_way FOLDER send|wait``: the folder has chain.pem, key.pem and ca.pem.
"""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from agent.sending import link
from wire.exchange import Batch

A_DAY = 86_400.0


class Mute(BaseHTTPRequestHandler):
    """Reads what it is asked, cuts the way and has all the time in the world."""

    def do_POST(self) -> None:
        subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
        threading.Event().wait()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        pass


def main(folder: Path, how: str) -> None:
    link.ANSWER_SECONDS = A_DAY
    link.NO_SIGN_SECONDS = link.ALIVE_EVERY_SECONDS = 1
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mute)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with link.Link(f"https://127.0.0.1:{server.server_port}", ca=str(folder / "ca.pem")) as ours:
        try:
            ours.send(Batch(agent="a", boot="b", sent_at=1.0)) if how == "send" else ours.wait_for_tasks(
                A_DAY
            )
        except link.Unreachable as error:
            print(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
