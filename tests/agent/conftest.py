"""A small real HTTP server that speaks the wire messages and remembers what it heard."""

import threading
from gzip import decompress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agent.home import Credential, Home
from wire.codec import Malformed, decode, encode
from wire.exchange import Ack, Batch, Snapshot


class Receiver:
    """Applies each sequence once, as the true server does. Knobs make it misbehave."""

    def __init__(self):
        self.batches = []
        self.applied = []
        self.snapshots = []
        self.mark = 0
        self.answer = {}
        """Fields for the next acknowledgement only."""
        self.down = False
        self.most = 100_000
        """Observations in a batch; more is too large for the proxy in front."""
        self.refuses = None
        """A text in an observation that gets the batch a 400 naming it, or ("silently", text)."""
        self.heard = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, condition, seconds=100):
        with self.heard:
            assert self.heard.wait_for(condition, seconds), "the agent did not say it"

    def take(self, batch):
        """(status, body)."""
        if self.down:
            return 503, b"down"
        if len(batch.observations) > self.most:
            return 413, b"<html>Request Entity Too Large</html>"
        bad = self._bad(batch)
        if bad is not None:
            named = not isinstance(self.refuses, tuple)
            text = f"Expected `str` - at `$.observations[{bad}].evidence`" if named else "no"
            return 400, encode({"status_code": 400, "detail": text})
        for observation in batch.observations:
            if observation.seq > self.mark:
                self.mark = observation.seq
                self.applied.append(observation)
        self.batches.append(batch)
        fields, self.answer = self.answer, {}
        return 200, encode(Ack(**{"applied": self.mark, "at": batch.sent_at, "poll_after": 0.1, **fields}))

    def _bad(self, batch):
        if not self.refuses:
            return None
        text = self.refuses[1] if isinstance(self.refuses, tuple) else self.refuses
        found = (i for i, one in enumerate(batch.observations) if text in str(one.evidence))
        return next(found, None)

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = decompress(body)
                with receiver.heard:
                    if self.headers.get("Authorization") != "Bearer secret":
                        status, answer = 401, b"who are you?"
                    elif self.path == "/api/v1/snapshots":
                        receiver.snapshots.append(decode(body, Snapshot))
                        status, answer = 204, b""
                    else:
                        try:
                            status, answer = receiver.take(decode(body, Batch))
                        except Malformed as error:
                            status, answer = 400, str(error).encode()
                    receiver.heard.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        return Handler


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def home(tmp_path):
    return Home(str(tmp_path / "home"))


@pytest.fixture
def credential(receiver):
    return Credential(server=receiver.url, agent="a1", credential="secret", host="web1")
