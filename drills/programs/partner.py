"""The web service of a partner in the outside network. Run by itself; standard library only."""

from __future__ import annotations

import ctypes
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Partner(BaseHTTPRequestHandler):
    """Always the same rate."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"rate 1.1\n")

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


PR_SET_NAME = 15

if __name__ == "__main__":
    name = sys.argv[2] if len(sys.argv) > 2 else "partner"
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
    ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Partner).serve_forever()
