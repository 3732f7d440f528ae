"""Where Alertmanager sends its notifications: an HTTP server in the network of the monitoring host."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from bench.compare.seen import Labels, Post
from bench.compare.settings import HOOK
from drills.console import enter_network


class _Told(msgspec.Struct):
    status: str
    labels: Labels


class _Notification(msgspec.Struct):
    """Of the webhook's body, what is used here."""

    alerts: list[_Told]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:  # the name is the library's
        at = time.time()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = msgspec.json.decode(body, type=_Notification).alerts
        firing = tuple(each.labels for each in told if each.status == "firing")
        self.server.posts.append(Post(at=at, variant=self.path.strip("/"), alerts=firing))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """What matters is kept."""


class Receiver(ThreadingHTTPServer):
    """Stamps and keeps what comes. Its socket belongs to the network of a process, whoever reads from it."""

    daemon_threads = True

    def __init__(self, pid: int, address: str = HOOK) -> None:
        self.posts: list[Post] = []
        host, _, port = address.rpartition(":")
        with ThreadPoolExecutor(1, initializer=enter_network, initargs=(pid,)) as there:
            there.submit(super().__init__, (host, int(port)), _Handler).result()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
