"""A storm of lines costs bounded memory, every line is counted, and what is not told is said."""

from __future__ import annotations

import asyncio
import resource
import time

import pytest

from collectors.host import Host
from collectors.logs import kernel_log, log_tail
from collectors.logs.log_files import follow_files
from collectors.logs.log_reading import Reader
from collectors.logs.log_signals import SOURCE
from collectors.logs.log_window import KEYS, WINDOW
from rules.matching.signatures import load_signatures

GROWTH = 32 * 1024 * 1024
SAMPLES = [one.samples[0].split("\n")[0] for one in load_signatures() if not (one.harmless or one.waits)]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="module")
def cache(compiled):
    return str(compiled)


@pytest.fixture
def host(cache, clock):
    return Host("web1", options={"log.cache": cache}, ticks=clock)


def tell(reader: Reader, clock: Clock, *blocks: bytes) -> tuple[int, int, int]:
    """Judgements, lines they count, lines they say were dropped."""
    told = [one for block in blocks for one in reader.read(block)]
    for _ in range(3):
        clock.now += WINDOW
        told += reader.due()
    counted = sum(int(one.evidence["count"]) for one in told)
    return len(told), counted, sum(int(one.evidence.get("dropped", 0)) for one in told)


GUESS = "Nov 22 10:00:00 web1 sshd[378]: Failed password for invalid user a{} from 203.0.113.9 port 3 ssh2\n"


@pytest.mark.parametrize(("guesses", "last"), [(3, "log.auth_failure"), (30, "log.bruteforce")])
def test_many_refused_sign_ins_at_once_are_password_guessing(host, clock, guesses, last):
    reader = Reader(host, "files")
    told = list(reader.read(GUESS.format(0).encode()))
    for number in range(guesses):
        told += reader.read(GUESS.format(number).encode())
    clock.now += WINDOW
    told += reader.due()
    assert [one.signal for one in told] == ["log.auth_failure", last]


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_800_000_lines_of_29_shapes_are_few_judgements_that_count_them_all(host, clock):
    shapes = SAMPLES[:290:10]
    reader = Reader(host, "files")
    block = "".join(f"Nov 22 10:00:{n % 60:02} web1 x[{n}]: {shapes[n % 29]}\n" for n in range(8000)).encode()
    tell(reader, clock, block)
    before = peak()
    judgements, counted, dropped = tell(reader, clock, *[block] * 100)
    assert (counted, dropped) == (800_000, 0)
    assert judgements < 200
    assert peak() - before < GROWTH


def test_10_000_distinct_lines_are_told_or_said_to_be_dropped(host, clock):
    lines = [f"Killed process {n} (job{n}) total-vm:{n}kB, anon-rss:1kB\n" for n in range(10_000)]
    reader = Reader(host, "files")
    before = peak()
    judgements, counted, dropped = tell(reader, clock, "".join(lines).encode())
    assert counted + dropped == 10_000
    assert counted == KEYS
    assert judgements <= KEYS + 1
    assert peak() - before < GROWTH


def test_56_000_kernel_lines_in_three_seconds_are_all_counted(tmp_path, cache):
    log = tmp_path / "kern.log"
    log.touch()
    host = Host("web1", options={"log.cache": cache, kernel_log.OPTION: str(log)})
    line = "[ 12.5] I/O error, dev sda, sector {} op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0\n"

    def write() -> None:
        with log.open("a") as file:
            for turn in range(56):
                file.write("".join(line.format(turn * 1000 + n) for n in range(1000)))
                file.flush()
                time.sleep(3 / 56)

    async def listen() -> int:
        counted = 0
        source = kernel_log.follow(host)
        writing: asyncio.Task[None] | None = None

        async def start() -> None:
            await asyncio.sleep(0)  # it has taken note of what is there
            await asyncio.to_thread(write)

        writing = asyncio.create_task(start())
        async for judgement in source:
            counted += int(judgement.evidence["count"])
            if counted >= 56_000:
                break
        await source.aclose()
        await writing
        return counted

    assert asyncio.run(asyncio.wait_for(listen(), 280)) == 56_000


def test_what_a_fast_writer_made_us_skip_is_said(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(log_tail, "BACKLOG", 1000)
    log = tmp_path / "app.log"
    log.touch()
    host = Host("web1", options={"log.cache": cache})

    async def listen() -> dict[str, object]:
        source = follow_files(host, [str(log)], "test")

        async def write() -> None:
            await asyncio.sleep(0)  # it has taken note of what is there
            with log.open("a") as file:
                file.write("hello\n" * 1000)

        writing = asyncio.create_task(write())
        async for judgement in source:
            await source.aclose()
            await writing
            assert judgement.signal == SOURCE
            return dict(judgement.evidence)
        raise AssertionError("nothing was said")

    assert asyncio.run(asyncio.wait_for(listen(), 280))["lost_bytes"] == 5000
