"""Observations per second, acknowledged after commit (SQLite, WAL, FULL), client on the same cores.

Authentication, validation, dedupe, durable write, the current state and the diagnosis thread are all in;
agents send over keep-alive connections, each waiting for its acknowledgement. Three kinds of day:

- well: every look passes, its value differs each time;
- storm: half of all looks fail, and every look changes its mind with each repetition;
- state only: the storm, and what ingest hands to diagnosis is let go (in the bench only, to tell the
  two costs apart).

Run: ``python bench/ingest.py``.
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
from typing import NamedTuple, cast

import psutil
import requests
import uvloop

from cli.main import main as command
from server.diagnosis_thread import DiagnosisThread
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
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.endswith(b"}"):
            return  # an acknowledgement is one JSON object, and ends no earlier
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(RuntimeError(self._buffer.decode()))
            self._transport.close()
            return
        self.last, self._buffer = self._buffer.partition(b"\r\n\r\n")[2], b""
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
        elif not self._done.done():
            self._done.set_result(decode(self.last, Ack).applied)
            self._transport.close()


def observation(seq: int, at: float, *, storm: bool) -> Observation:
    """As an agent sends a change of a look: verdict, value, evidence, the way it took."""
    failing = storm and (seq // KEYS) % 2 == 1
    return Observation(
        seq=seq,
        signal="net.tcp",
        subject=f"endpoint:tcp://10.0.{seq % KEYS}.7:443",
        verdict=Verdict.FAIL if failing else Verdict.PASS,
        reason=Reason.TIMEOUT if failing else Reason.OK,
        at=at,
        since=at if storm else at - 3600,
        opposite_at=at - 15 if storm else None,
        value=seq / 1000,
        evidence={"connect_ms": 12.3},
        path=Way(interface="eth0", gateway="10.0.0.1", address="10.0.3.7", port=443),
        round="15s/3",
    )


def batch_requests(agent: Enrolled, size: int, count: int, *, storm: bool) -> list[bytes]:
    now = time.time()
    made = []
    for number in range(count):
        seen = tuple(observation(number * size + offset + 1, now, storm=storm) for offset in range(size))
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
    """Per second, seconds of all the server's CPU per 1000 observations, and microseconds of it per batch."""

    observations: float
    batches: float
    cpu: float
    loop: float
    writer: float
    diagnosis: float


class Bench:
    """One server process and its enrolled agents."""

    def __init__(self, home: Path, *, diagnosis: bool) -> None:
        environment = {**os.environ, "ROOTWARD_HOME": str(home), "ROOTWARD_LISTEN": "127.0.0.1:0"}
        environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
        command = ["-m", "cli.main", "server", "run"] if diagnosis else [__file__, "--serve-state-only"]
        with (home.parent / "server.out").open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, *command], env=environment, stdout=out, stderr=subprocess.STDOUT
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

    def run(self, size: int, agents: int, batches: int, *, storm: bool) -> Figures:
        """Each agent sends its share, one batch after the other."""
        enrolled = [self.enroll(f"b{size}-{number}") for number in range(agents)]
        work = [batch_requests(agent, size, batches // agents, storm=storm) for agent in enrolled]
        process = psutil.Process(self._process.pid)
        before, all_before = self._cpu_seconds(), process.cpu_times()
        began = time.perf_counter()
        applied = uvloop.run(drive(self.port, work))
        took = time.perf_counter() - began
        after, all_after = self._cpu_seconds(), process.cpu_times()
        spent = all_after.user + all_after.system - all_before.user - all_before.system
        sent = (batches // agents) * agents
        if any(high != size * (batches // agents) for high in applied):
            raise SystemExit("not everything was applied")
        loop, writer, diagnosis = (
            (later - sooner) / sent * 1e6 for later, sooner in zip(after, before, strict=True)
        )
        cpu = spent / (sent * size) * 1000
        return Figures(sent * size / took, sent / took, cpu, loop, writer, diagnosis)

    def _cpu_seconds(self) -> tuple[float, float, float]:
        """Of the threads of event loop, writer and diagnosis, known by the order in which they start."""
        threads = sorted(psutil.Process(self._process.pid).threads(), key=lambda each: int(each.id))
        times = [each.user_time + each.system_time for each in threads]
        return times[0], times[1], times[-1]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


SIZES = (
    (500, 16, 960, "100 000 observations/s"),
    (10, 96, 19_200, "30 000 observations/s"),
    (1, 128, 25_600, "4 000 batches/s"),
)
DAYS = (("well", True, False), ("storm", True, True), ("state only", False, True))
"""Name, with diagnosis, storm."""


def measure(folder: Path, name: str, scale: float, *, diagnosis: bool, storm: bool) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix="bench-ingest-") as place:
        home = Path(place) / "home"
        home.mkdir()
        bench = Bench(home, diagnosis=diagnosis)
        try:
            for size, agents, batches, goal in SIZES:
                seen = bench.run(size, agents, int(batches * scale), storm=storm)
                print(
                    f"{name:>10} {size:>9} {seen.observations:>14,.0f} {seen.batches:>9,.0f} "
                    f"{seen.cpu:>14.4f} {seen.loop:>7,.0f} {seen.loop / size:>7.1f} {seen.writer:>6,.0f} "
                    f"{seen.diagnosis:>9,.0f}  {goal}",
                    flush=True,
                )
        finally:
            bench.stop()


def serve_state_only() -> int:
    """The server, but nothing is handed to the diagnosis thread."""

    def let_go(_diagnosis: DiagnosisThread, _applied: object) -> None:
        pass

    DiagnosisThread.submit = let_go  # type: ignore[method-assign]  # a bench may; the product has no such switch
    return command(["server", "run"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var"), help="on the disk to measure")
    parser.add_argument("--scale", type=float, default=1.0, help="length of the runs")
    parser.add_argument("--day", choices=[name for name, *_ in DAYS], help="only this one")
    parser.add_argument("--serve-state-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_state_only:
        raise SystemExit(serve_state_only())
    options.folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="bench-disk-") as place:
        median, slow = fdatasync_latency(Path(place))
    print(f"fdatasync of 4 KiB: median {median:.2f} ms, 95 % {slow:.2f} ms; {os.cpu_count()} cores")
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    print("CPU in microseconds: event loop per batch and per observation; writer and diagnosis per batch")
    print(
        f"{'day':>10} {'per batch':>9} {'observations/s':>14} {'batches/s':>9} "
        f"{'CPU s/1000 obs':>14} {'loop':>7} {'per obs':>7} {'writer':>6} {'diagnosis':>9}  goal"
    )
    for name, diagnosis, storm in DAYS:
        if options.day in {None, name}:
            measure(options.folder, name, options.scale, diagnosis=diagnosis, storm=storm)
    print(f"load average after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
