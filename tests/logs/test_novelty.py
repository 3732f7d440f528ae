"""Warnings of a kind that a host never wrote before: told once, bounded, remembered, and nothing alone."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from collectors.host import Host
from collectors.logs.journal import judge
from collectors.logs.log_files import follow_files
from collectors.logs.log_novelty import BURST, GAP, KEPT, LEARNING, MEMORY, OPTION
from collectors.logs.log_reading import Reader, matcher
from collectors.logs.log_signals import NOVEL
from rules.matching.shape import shape_of
from wire.judgement import Judgement, Verdict

SOURCE = "test"
KNOWN = (
    "Nov 22 10:00:01 web1 shop[{n}]: warning: basket {n} of user {user} was not saved within {n} ms",
    "Nov 22 10:00:01 web1 shop[{n}]: retry {n} of 3: mail relay 10.1.0.{n}:25 unavailable, see /var/mail/{n}",
)
NEW = "Nov 22 10:00:01 web1 shop[7]: warning: the price list of supplier 7 lost its signature"


class Clock:
    """Both of a host's clocks."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def cache(compiled):
    matcher(str(compiled))
    return str(compiled)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def host(cache, clock):
    """The same host each time it is started, with what it remembers of the time before."""
    remembered: dict[str, object] = {}

    def start(**options: str) -> Host:
        saved = json.loads(json.dumps(remembered))
        remembered.clear()
        remembered.update(saved)
        named = {"log.cache": cache, **{f"log.{name}": value for name, value in options.items()}}
        return Host("web1", options=named, remembered=remembered, clock=clock, ticks=clock)

    return start


def known(numbers: Iterable[int]) -> list[str]:
    return [line.format(n=n, user=f"user{n}") for n in numbers for line in KNOWN]


def unheard_of(count: int) -> Iterator[str]:
    """Warnings that differ in two neighbouring words each."""
    for letters in itertools.islice(itertools.product("abcdefghijklmnopqrstuvwxyz", repeat=3), count):
        word = "".join(letters)
        yield f"Nov 22 10:00:01 web1 shop[7]: warning: part x{word} y{word} of the engine is loose"


def follow(
    host: Host, path: Path, *waves: Callable[[], object], until: Callable[[list[Judgement]], bool]
) -> list[Judgement]:
    """What the real follower tells while each wave is written after the one before was read."""
    path.touch()

    async def listen() -> list[Judgement]:
        told: list[Judgement] = []
        positions = host.remembered.setdefault(f"log.{SOURCE}", {})
        positions.pop(str(path), None)

        async def hear() -> None:
            async for judgement in follow_files(host, [str(path)], SOURCE):
                told.append(judgement)  # noqa: PERF401  # looked at while it grows

        async def wait(done: Callable[[], bool]) -> None:
            while not done():  # noqa: ASYNC110  # what it waits for knows of no event
                await asyncio.sleep(0.05)

        def read() -> bool:
            return positions.get(str(path), [0, 0, -1])[2] >= path.stat().st_size

        hearing = asyncio.create_task(hear())
        await wait(read)
        for wave in waves:
            wave()
            await wait(read)
        await wait(lambda: until(told))
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        return [one for one in told if one.signal == NOVEL]

    return asyncio.run(asyncio.wait_for(listen(), 280))


def write(path: Path, lines: Iterable[str]) -> Callable[[], object]:
    def act() -> None:
        with path.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    return act


def learnt(host: Host) -> bool:
    return "shapes" in host.remembered.get(f"{MEMORY}.{SOURCE}", {})


@pytest.fixture
def taught(host, clock, tmp_path):
    """A log of which a day has passed."""
    path = tmp_path / "shop.log"
    first = host()
    told = follow(first, path, write(path, known(range(20))), until=lambda _: learnt(first))
    assert told == []
    clock.now += LEARNING
    return path


def test_after_a_restart_what_is_known_stays_silent_and_what_is_new_is_told_once(host, taught):
    later = host()
    wave = write(taught, [*known(range(50, 90)), NEW, NEW.replace("7", "8"), *known(range(90, 99))])
    [one] = follow(later, taught, wave, until=bool)
    assert (one.subject, one.verdict) == ("service:web1/shop", Verdict.WARN)
    assert one.evidence["line"] == NEW


def test_what_came_while_the_agent_was_learning_is_no_news_later(host, clock, tmp_path):
    path = tmp_path / "shop.log"
    first = host()
    assert follow(first, path, write(path, [NEW]), until=lambda _: learnt(first)) == []
    clock.now += LEARNING
    other = NEW.replace("price list of supplier", "whole back room behind warehouse")
    [one] = follow(host(), path, write(path, [NEW, other]), until=bool)
    assert one.evidence["line"] == other


def test_of_a_flood_of_new_kinds_two_are_told_and_the_others_counted(host, clock, taught):
    def time_passes() -> None:
        clock.now += GAP

    later = host()
    first, second = follow(
        later, taught, write(taught, unheard_of(500)), time_passes, until=lambda told: len(told) >= 2
    )
    assert "not_told" not in first.evidence
    assert second.evidence["not_told"] == 500 - 2


def test_of_a_flood_only_so_much_is_looked_at(cache, clock):
    reader = taught_reader(cache, clock)
    quiet = b"Nov 22 10:00:01 web1 shop[7]: sold 1 item\n" * (BURST // 40)
    assert told(reader, quiet) == []
    assert told(reader, NEW.encode() + b"\n") == []


def test_secrets_of_a_new_line_are_redacted(host, taught):
    line = "Nov 22 10:00:01 web1 shop[7]: error: bank said no to our login with password=hunter2hunter2 again"
    [one] = follow(host(), taught, write(taught, [line]), until=bool)
    assert "hunter2" not in str(one.evidence)
    assert "bank said no" in str(one.evidence["line"])


def test_what_is_remembered_holds_no_text(host, taught):
    memory = json.dumps(host().remembered[f"{MEMORY}.{SOURCE}"])
    assert "basket" not in memory


def taught_reader(cache: str, clock: Clock, **options: str) -> Reader:
    reader = Reader(
        Host("web1", options={"log.cache": cache, **options}, clock=clock, ticks=clock), SOURCE, learns=True
    )
    clock.now += LEARNING
    return reader


def told(reader: Reader, block: bytes) -> list[Judgement]:
    return [one for one in [*reader.read(block), *reader.due()] if one.signal == NOVEL]


def test_a_line_that_a_signature_explains_is_no_news(cache, clock):
    line = b"Nov 22 10:00:01 web1 kernel: Out of memory: Killed process 812 (reportd) total-vm:1kB\n"
    assert told(taught_reader(cache, clock), line) == []


def test_a_line_without_a_word_of_trouble_is_no_news(cache, clock):
    assert (
        told(taught_reader(cache, clock), b"Nov 22 10:00:01 web1 shop[7]: sold the first ever umbrella\n")
        == []
    )


def test_what_is_switched_off_tells_nothing(cache, clock):
    assert told(taught_reader(cache, clock, **{OPTION: ""}), NEW.encode() + b"\n") == []


def test_the_priority_of_a_journal_entry_makes_it_loud(cache, clock):
    reader = taught_reader(cache, clock)
    entries = [
        {
            "MESSAGE": "the umbrella stand is on the roof",
            "PRIORITY": priority,
            "_SYSTEMD_UNIT": "shop.service",
        }
        for priority in ("6", "4")
    ]
    quiet, loud = (json.dumps(entry).encode() + b"\n" for entry in entries)
    host = Host("web1", clock=clock, ticks=clock)
    assert [one for one in judge(host, reader, quiet) if one.signal == NOVEL] == []
    assert [one.subject for one in judge(host, reader, loud) if one.signal == NOVEL] == ["service:web1/shop"]


def test_damaged_memory_is_begun_anew(cache, clock):
    for damaged in ({"began": "x", "shapes": "?"}, {"shapes": 7}, {"shapes": "AAA="}):
        host = Host(
            "web1", options={"log.cache": cache}, remembered={f"{MEMORY}.{SOURCE}": damaged}, clock=clock
        )
        assert told(Reader(host, SOURCE, learns=True), NEW.encode()) == []


def test_memory_is_bounded(cache, clock):
    host = Host("web1", options={"log.cache": cache}, clock=clock, ticks=clock)
    reader = Reader(host, SOURCE, learns=True)
    lines = [*unheard_of(KEPT)]
    for start in range(0, KEPT, 512):
        told(reader, "".join(f"{line}\n" for line in lines[start : start + 512]).encode())
        clock.now += 60
    assert len(host.remembered[f"{MEMORY}.{SOURCE}"]["shapes"]) == len(base64.b64encode(bytes(8 * KEPT)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("error: user 17 of 10.0.0.1 is unknown", "error: user 4 of 10.9.9.9 is unknown"),
        ("Failed password of invalid user bob from ::1", "Failed password of invalid user amy from ::2"),
        ("cannot read /srv/a/b.txt of job 0xdeadbeef now", "cannot read /etc/x of job 0xbeef now"),
        ("Nov  2 10:00:00 web1 app[1]: lost the link", "Dec 12 23:59:59 web1 app[77]: lost the link"),
        ('level=error msg="cannot save basket" id="a b"', 'level=error msg="cannot save basket" id="c"'),
    ],
)  # fmt: skip
def test_lines_that_differ_in_values_have_one_shape(one, other):
    assert set(shape_of(one.encode())) & set(shape_of(other.encode()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ERROR shop worker could not open file", "ERROR shop worker could not reach database"),
        (
            '{"level":"error","msg":"cannot save the basket"}',
            '{"level":"error","msg":"cannot send the mail"}',
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "java.lang.NullPointerException: Java heap space"),
    ],
)
def test_lines_that_say_different_things_have_different_shapes(one, other):
    assert not set(shape_of(one.encode())) & set(shape_of(other.encode()))


def test_the_same_words_of_another_program_are_another_kind():
    line = b"warning: the disk of the backup is almost gone"
    assert shape_of(line, "shop") != shape_of(line, "mail")
