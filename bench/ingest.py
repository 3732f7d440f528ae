"""Observations per second, acknowledged after commit (SQLite, WAL, FULL), client on the same cores.

Authentication, validation, dedupe, durable write and the current state are all in; agents send over
keep-alive connections, each waiting for its acknowledgement. Run: ``python bench/ingest.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
import requests

from wire.codec import decode, encode
from wire.exchange import Ack, Batch, Enrolled
from wire.judgement import Path as Way
from wire.judgement import Reason, Verdict
from wire.observation import Observation

KEYS = 50
"""Different (signal, subject) of one agent."""


class Connection(asyncio.Protocol):
    """One agent: sends the next batch when the last is acknowledged."""

    def __init__(self, requests_to_send: list[bytes], done: asyncio.Future[int]) -> None:
        self._requests = iter(requests_to_send)
        self._done = done
        self._buffer = b""
        self.last = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(RuntimeError((head + body).decode()))
            self._transport.close()
            return
        self.last, self._buffer = body, b""
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
        elif not self._done.done():
            self._done.set_result(decode(self.last, Ack).applied)
            self._transport.close()


def observation(seq: int, at: float) -> Observation:
    """As an agent sends a change of an HTTP look: a verdict that moves, evidence, the way it took."""
    failing = (seq // KEYS) % 2 == 1
    return Observation(
        seq=seq,
        signal="net.tcp",
        subject=f"endpoint:tcp://10.0.{seq % KEYS}.7:443",
        verdict=Verdict.FAIL if failing else Verdict.PASS,
        reason=Reason.TIMEOUT if failing else Reason.OK,
        at=at,
        since=at,
        opposite_at=at - 15,
        value=0.0123,
        evidence={"connect_ms": 12.3},
        path=Way(interface="eth0", gateway="10.0.0.1", address="10.0.3.7", port=443),
        round="15s/3",
    )


def batch_requests(agent: Enrolled, size: int, count: int) -> list[bytes]:
    now = time.time()
    made = []
    for number in range(count):
        seen = tuple(observation(number * size + offset + 1, now) for offset in range(size))
        body = encode(Batch(agent=agent.agent, sent_at=now, observations=seen))
        head = (
            f"POST /api/v1/batches HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {agent.credential}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def drive(port: int, work: list[list[bytes]]) -> list[int]:
    loop = asyncio.get_running_loop()
    results: list[asyncio.Future[int]] = []
    for requests_to_send in work:
        done: asyncio.Future[int] = loop.create_future()
        results.append(done)
        await loop.create_connection(
            lambda todo=requests_to_send, done=done: Connection(todo, done), "127.0.0.1", port
        )
    return list(await asyncio.gather(*results))


def fdatasync_latency(folder: Path) -> tuple[float, float]:
    """Median and 95th percentile of 200 writes of one page, in milliseconds."""
    taken = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(os.urandom(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


class Figures(NamedTuple):
    """Per second, and microseconds of CPU per batch."""

    observations: float
    batches: float
    loop: float
    whole: float


class Bench:
    """One server process and its enrolled agents."""

    def __init__(self, home: Path) -> None:
        self._home = home
        environment = {**os.environ, "ROOTWARD_HOME": str(home), "ROOTWARD_LISTEN": "127.0.0.1:0"}
        with (home.parent / "server.out").open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "server", "run"],
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        while not (home / "address").exists():
            if self._process.poll() is not None:
                raise SystemExit((home.parent / "server.out").read_text())
            time.sleep(0.05)
        self.url = (home / "address").read_text().strip()
        self.port = int(self.url.rpartition(":")[2])
        self._operator = {"Authorization": f"Bearer {(home / 'operator.token').read_text().strip()}"}

    def enroll(self, host: str) -> Enrolled:
        token = requests.post(
            f"{self.url}/api/v1/tokens", json={"host": host}, headers=self._operator, timeout=10
        ).json()["token"]
        answer = requests.post(f"{self.url}/api/v1/enroll", json={"token": token, "host": host}, timeout=10)
        answer.raise_for_status()
        return decode(answer.content, Enrolled)

    def run(self, size: int, agents: int, batches: int) -> Figures:
        """Each agent sends its share, one batch after the other."""
        enrolled = [self.enroll(f"b{size}-{number}") for number in range(agents)]
        work = [batch_requests(agent, size, batches // agents) for agent in enrolled]
        cpu_before = self._cpu_seconds()
        began = time.perf_counter()
        applied = asyncio.run(drive(self.port, work))
        took = time.perf_counter() - began
        loop, whole = (after - before for after, before in zip(self._cpu_seconds(), cpu_before, strict=True))
        sent = (batches // agents) * agents
        if any(high != size * (batches // agents) for high in applied):
            raise SystemExit("not everything was applied")
        return Figures(sent * size / took, sent / took, loop / sent * 1e6, whole / sent * 1e6)

    def _cpu_seconds(self) -> tuple[float, float]:
        """Of the event loop's thread, and of the whole process, where commits and diagnosis run too."""
        process = psutil.Process(self._process.pid)
        loop = next(each for each in process.threads() if each.id == process.pid)
        whole = process.cpu_times()
        return loop.user_time + loop.system_time, whole.user + whole.system

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var"), help="on the disk to measure")
    parser.add_argument("--scale", type=float, default=1.0, help="length of the runs")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="bench-ingest-") as place:
        home = Path(place) / "home"
        home.mkdir()
        before = fdatasync_latency(Path(place))
        bench = Bench(home)
        try:
            print("CPU in microseconds per batch: of the event loop's thread, of the whole server")
            print(
                f"{'per batch':>10} {'observations/s':>15} {'batches/s':>10} {'loop':>7} {'whole':>7}  goal"
            )
            for size, agents, batches, goal in (
                (500, 16, 960, "100 000 observations/s"),
                (10, 96, 19_200, "30 000 observations/s"),
                (1, 128, 25_600, "4 000 batches/s"),
            ):
                seen = bench.run(size, agents, int(batches * options.scale))
                print(
                    f"{size:>10} {seen.observations:>15,.0f} {seen.batches:>10,.0f} "
                    f"{seen.loop:>7,.0f} {seen.whole:>7,.0f}  {goal}"
                )
        finally:
            bench.stop()
        print(
            f"fdatasync of 4 KiB: median {before[0]:.2f} ms, 95 % {before[1]:.2f} ms; {os.cpu_count()} cores"
        )


if __name__ == "__main__":
    main()
