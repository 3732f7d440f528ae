"""200 secrets of 20 kinds in log lines go through the real agent: none of them leaves the host."""

from __future__ import annotations

import base64
import contextlib
import random
import signal
import string
import subprocess
import sys
import threading
import time
from gzip import decompress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agent.home import Credential, Home
from tests.conftest import lend
from wire.codec import decode, encode
from wire.exchange import Ack, Batch

EACH = 10
WAVE, PAUSE = 20, 2.0
"""Lines at once, and seconds between: of a larger crowd the agent tells a part and counts the rest."""
SECONDS = 200
pytestmark = pytest.mark.timeout(1200)
LETTERS = string.ascii_letters + string.digits


def kinds(dice: random.Random) -> dict[str, tuple[str, str]]:
    """Kind → a piece of a log line and the secret in it, new each time."""

    def some(count: int, letters: str = LETTERS) -> str:
        return "".join(dice.choice(letters) for _ in range(count))

    word = some(14)
    basic = base64.b64encode(f"alice:{some(12)}".encode()).decode().rstrip("=")
    payload = some(24)
    return {
        "assignment": (f"password={word}", word),
        "colon": (f"db password: {word}", word),
        "json": (f'{{"api_key": "{word}"}}', word),
        "environment": (f"DB_PASSWORD={word}", word),
        "query": (f"GET /x?token={word}&y=1", word),
        "url": (f"postgres://shop:{word}@10.1.0.5/shop", word),
        "basic": (f"Authorization: Basic {basic}", basic),
        "bearer": (f"Authorization: Bearer {word}{word}", word),
        "jwt": (f"eyJhbGciOiJIUzI1NiJ9.eyJ{payload}.{some(20)}", payload),
        "cookie": (f"Cookie: sid={word}", word),
        "aws id": (f"key AKIA{(aws := some(16, string.ascii_uppercase))}", aws),
        "aws secret": (f"aws_secret_access_key={word}{word}", word),
        "github": (f"push with ghp_{(token := some(36))}", token),
        "gitlab": (f"push with glpat-{word}{word}", word),
        "slack": (f"post with xoxb-{some(10, string.digits)}-{word}", word),
        "stripe": (f"charge with sk_live_{word}{word}", word),
        "google": (f"map with AIza{(google := some(35))}", google),
        "sql": (f"CREATE USER x IDENTIFIED BY '{word}'", word),
        "option": (f"app --password {word} --verbose", word),
        "curl": (f"curl -u alice:{word} https://api.lab/", word),
    }


class Ear:
    """An ingest endpoint that keeps every body as it came over the wire."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = decompress(body)
                ear.bodies.append(body)
                status, answer = 204, b""
                if not self.path.endswith("/snapshots"):
                    batch = decode(body, Batch)
                    mark = max((one.seq for one in batch.observations), default=0)
                    status, answer = 200, encode(Ack(applied=mark, at=batch.sent_at, poll_after=0.2))
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def heard(self) -> bytes:
        return b"\n".join(self.bodies)

    def wait_for(self, *words: bytes) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            heard = self.heard
            if all(word in heard for word in words):
                return
            time.sleep(0.3)
        missing = [word for word in words if word not in self.heard]
        raise AssertionError(f"never told: {missing[:5]} and more, {len(missing)} in all")


@pytest.fixture
def ear():
    made = Ear()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def log(tmp_path, ear, compiled):
    """The log file that a running agent follows."""
    path = tmp_path / "app.log"
    path.write_text("")
    home = Home(str(tmp_path / "home"))
    home.keep_credential(Credential(server=ear.url, agent="a1", credential="secret", host="web1"))
    lend(compiled, tmp_path / "home")
    config = tmp_path / "agent.toml"
    config.write_text(
        f'host = "web1"\nhome = "{tmp_path / "home"}"\nmetrics = ""\n'
        f'[logs]\nkernel = ""\njournal = false\nfiles = ["{path}"]\n'
    )
    with (tmp_path / "output").open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "agent", "run", "--config", str(config)],
            stdout=output,
            stderr=output,
        )
    yield path
    child.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(100)
    child.kill()
    child.wait()


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.write("".join(line + "\n" for line in lines))


def test_no_planted_secret_leaves_the_host(log, ear, tmp_path):
    dice = random.Random(11)
    planted = [(kind, *piece) for _ in range(EACH) for kind, piece in kinds(dice).items()]
    assert len(planted) == 200
    stamp = "Nov 22 10:00:00 web1"
    end = time.monotonic() + SECONDS
    while b"early canary" not in ear.heard and time.monotonic() < end:  # until the agent follows the file
        append(log, f"{stamp} before[1]: FATAL: early canary")
        time.sleep(0.5)
    lines = [
        f"{stamp} {n:03}app[9]: accept: Too many open files, canary{n}x {piece}"
        for n, (_, piece, _) in enumerate(planted)
    ]
    for first in range(0, len(lines), WAVE):
        append(log, *lines[first : first + WAVE])
        ear.wait_for(*(f"canary{n}x".encode() for n in range(first, first + WAVE)))
        time.sleep(PAUSE)
    told, spool = ear.heard, b"".join(p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file())
    output = (tmp_path / "output").read_bytes()
    leaked = [
        kind
        for kind, _, secret in planted
        if secret.encode() in told or secret.encode() in spool or secret.encode() in output
    ]
    assert leaked == []
