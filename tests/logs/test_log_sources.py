"""Log files, the kernel log and the journal, read for real."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.host import Host
from collectors.logs import journal, kernel_log, log_files
from collectors.logs.log_reading import Reader, matcher
from wire.judgement import Judgement, Verdict

OOM = "[ 12.5] Out of memory: Killed process 812 (reportd) total-vm:1kB, anon-rss:1kB"
PATIENCE = 100.0
"""Seconds: a busy machine needs long."""
ERROR = "EXT4-fs error (device sda1): ext4_lookup:1602: inode #131074"


@pytest.fixture(scope="session")
def cache(compiled):
    """Loaded before the tests begin, so that none of them waits for it."""
    matcher(str(compiled))
    return str(compiled)


@pytest.fixture
def host(cache):
    def make(remembered=None, **options: str) -> Host:
        named = {"log." + name: value for name, value in options.items()}
        return Host("web1", options={"log.cache": cache, **named}, remembered=remembered)

    return make


async def gather(
    source: AsyncIterator[Judgement],
    *,
    until: Callable[[list[Judgement]], object] = bool,
    act: Callable[[], object] | None = None,
    silence: float = 0.0,
) -> list[Judgement]:
    """What the source says after ``act``, done behind its back, until it is enough, and ``silence`` later."""
    found: list[Judgement] = []

    async def listen() -> None:
        async for judgement in source:
            found.append(judgement)  # noqa: PERF401  # looked at while it grows

    async def enough() -> None:
        while not (until(found) or listening.done()):  # noqa: ASYNC110  # it knows of no event
            await asyncio.sleep(0.02)
        await asyncio.sleep(silence)

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)  # it has taken note of what is there
    if act is not None:
        await asyncio.to_thread(act)
    try:
        await asyncio.wait_for(enough(), PATIENCE)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return found


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(line + "\n" for line in lines)


def test_new_line_of_a_file_is_judged_and_old_ones_are_not(host, tmp_path):
    path = tmp_path / "app.log"
    append(path, ERROR)
    found = asyncio.run(
        gather(log_files.follow(host(files=f"{tmp_path}/*.log")), act=lambda: append(path, OOM))
    )
    assert [(one.signal, one.subject, one.verdict) for one in found] == [
        ("log.oom_kill", "process:web1/reportd", Verdict.FAIL)
    ]
    assert found[0].evidence["signature"] == "oom-killed-process"


def test_rotated_file_is_followed_to_its_successor(host, tmp_path):
    path = tmp_path / "app.log"
    append(path, "quiet")

    def rotate() -> None:
        append(path, OOM)
        path.rename(tmp_path / "app.log.1")
        append(path, ERROR)

    found = asyncio.run(
        gather(
            log_files.follow(host(files=f"{tmp_path}/*.log*")), until=lambda told: len(told) > 1, act=rotate
        )
    )
    assert {one.signal for one in found} == {"log.oom_kill", "log.fs_error"}


def test_truncated_file_is_read_from_its_beginning(host, tmp_path):
    path = tmp_path / "app.log"
    append(path, *["long quiet line"] * 100)

    def truncate() -> None:
        os.truncate(path, 0)
        append(path, OOM)

    found = asyncio.run(gather(log_files.follow(host(files=str(path))), act=truncate))
    assert [one.signal for one in found] == ["log.oom_kill"]


def test_line_written_in_pieces_is_judged_once_and_whole(host, tmp_path):
    path = tmp_path / "app.log"
    path.touch()

    def write() -> None:
        with path.open("a", buffering=1) as file:
            file.write(OOM[:20])
            file.flush()
            __import__("time").sleep(1.2)
            file.write(OOM[20:] + "\n")

    found = asyncio.run(gather(log_files.follow(host(files=str(path))), act=write))
    assert found[0].evidence["line"] == OOM


def test_file_that_appears_later_is_read_from_its_beginning(host, tmp_path):
    found = asyncio.run(
        gather(
            log_files.follow(host(files=f"{tmp_path}/*.log")),
            act=lambda: append(tmp_path / "new.log", OOM),
        )
    )
    assert len(found) == 1


def test_restarted_agent_goes_on_where_it_stopped(host, tmp_path):
    path = tmp_path / "app.log"
    append(path, "quiet")
    kept: dict[str, Any] = {}

    def has_read(_: object) -> bool:
        return bool(kept["log.files"].get(str(path), [0, 0, 0])[2] == path.stat().st_size)

    follower = log_files.follow(host(kept, files=str(path)))
    asyncio.run(gather(follower, until=has_read, act=lambda: append(path, ERROR)))
    kept = json.loads(json.dumps(kept))
    append(path, OOM)
    found = asyncio.run(gather(log_files.follow(host(kept, files=str(path)))))
    assert [one.signal for one in found] == ["log.oom_kill"]


def test_what_was_written_while_the_agent_was_away_bears_its_own_date(host, tmp_path):
    path = tmp_path / "app.log"
    append(path, "quiet")
    status = path.stat()
    left_at = time.time() - 400.0
    kept = {"log.files": {str(path): [status.st_dev, status.st_ino, status.st_size, left_at]}}
    append(path, f"{datetime.now(UTC) - timedelta(seconds=200):%H:%M:%S} web1 kernel: {OOM}")
    (one,) = asyncio.run(gather(log_files.follow(host(kept, files=str(path)))))
    assert 200.0 <= one.age < 200.0 + PATIENCE


def test_flood_of_one_line_is_few_judgements_that_count(host, tmp_path):
    path = tmp_path / "app.log"
    path.touch()
    found = asyncio.run(
        gather(
            log_files.follow(host(files=str(path))), act=lambda: append(path, *[OOM] * 50_000), silence=2.0
        )
    )
    assert len(found) < 10  # one; what a slow machine reads after its window has passed is counted by another


def test_kernel_log_may_be_a_file(host, tmp_path):
    path = tmp_path / "kern.log"
    path.touch()
    line = f"2026-11-22T08:00:00+00:00 web1 kernel: {OOM}"
    found = asyncio.run(gather(kernel_log.follow(host(kernel=str(path))), act=lambda: append(path, line)))
    assert found[0].subject == "process:web1/reportd"


def test_no_kernel_log_is_nothing_to_follow(host):
    assert asyncio.run(gather(kernel_log.follow(host(kernel="")))) == []


def ours(found: list[Judgement]) -> list[Judgement]:
    """Of what the kernel of this machine says to all who listen."""
    return [one for one in found if one.signal == "log.conntrack_full"]


@pytest.mark.root
@pytest.mark.skipif(not os.access("/dev/kmsg", os.W_OK), reason="the kernel log cannot be written here")
def test_record_of_the_real_kernel_log_is_judged(host):
    def write() -> None:
        Path("/dev/kmsg").write_text("rootward-test: nf_conntrack: table full, dropping packet\n")

    found = asyncio.run(gather(kernel_log.follow(host(kernel="/dev/kmsg")), until=ours, act=write))
    assert [(one.subject, one.evidence["source"]) for one in ours(found)] == [("host:web1", "/dev/kmsg")]


@pytest.mark.root
@pytest.mark.skipif(not os.access("/dev/kmsg", os.W_OK), reason="the kernel log cannot be written here")
def test_what_the_kernel_said_before_the_first_start_is_no_news_at_the_second_either(host):
    Path("/dev/kmsg").write_text("rootward-test: nf_conntrack: table full, dropping packet\n")
    remembered: dict[str, object] = {}
    for _ in range(2):
        follower = kernel_log.follow(host(remembered, kernel="/dev/kmsg"))
        assert ours(asyncio.run(gather(follower, until=lambda _: True, silence=3.0))) == []


def test_unreadable_source_is_unknown_and_says_what_to_grant(host, tmp_path, monkeypatch):
    missing = host(kernel=str(tmp_path / "none"))
    assert [one.verdict for one in kernel_log.read(missing)] == [Verdict.UNKNOWN]


def test_readable_sources_pass(host, tmp_path):
    path = tmp_path / "app.log"
    path.touch()
    verdicts = {one.subject: one.verdict for one in log_files.read(host(files=str(path)))}
    assert verdicts[f"file:web1:{path}"] is Verdict.PASS


def test_journal_entry_speaks_for_the_unit_that_wrote_it(host):
    entry = {
        "MESSAGE": "FATAL:  sorry, too many clients already",
        "_SYSTEMD_UNIT": "postgresql@15-main.service",
        "SYSLOG_IDENTIFIER": "postgres",
        "__CURSOR": "s=1",
    }
    other = {"MESSAGE": [79, 107, 255], "SYSLOG_IDENTIFIER": "app"}
    block = f"{json.dumps(other)}\n{json.dumps(entry)}\nno json\n".encode()
    here = host()
    found = list(journal.judge(here, Reader(here, "journal"), block))
    assert [(one.signal, one.subject) for one in found] == [
        ("log.database_error", "service:web1/postgresql@15-main")
    ]
    assert here.remembered["log.journal"][0] == "s=1"


def test_journal_entry_is_as_old_as_the_journal_says(host):
    taken_in = int((time.time() - 90.0) * 1e6)
    entry = {"MESSAGE": ERROR, "SYSLOG_IDENTIFIER": "kernel", "__REALTIME_TIMESTAMP": str(taken_in)}
    here = host()
    (one,) = journal.judge(here, Reader(here, "journal"), json.dumps(entry).encode() + b"\n")
    assert 90.0 <= one.age < 90.0 + PATIENCE


@pytest.mark.parametrize("stamp", ["", "-5", "soon", "²"])
def test_journal_entry_with_a_hostile_date_is_dated_now(host, stamp):
    entry = {"MESSAGE": ERROR, "SYSLOG_IDENTIFIER": "kernel", "__REALTIME_TIMESTAMP": stamp}
    here = host()
    (one,) = journal.judge(here, Reader(here, "journal"), json.dumps(entry).encode() + b"\n")
    assert one.age == 0.0


def test_record_of_the_kernel_is_as_old_as_its_stamp(host):
    record = kernel_log.Record(7, time.monotonic() - 30.0, ERROR.encode())
    (one,) = kernel_log.judged(Reader(host(), "kernel"), [record])
    assert 30.0 <= one.age < 30.0 + PATIENCE


def test_secret_in_a_line_does_not_reach_the_evidence(host, tmp_path):
    here = host()
    (one,) = Reader(here, "x").read(b"app[9]: FATAL: cannot log in with password=hunter2Zx9 to db\n")
    assert "hunter2Zx9" not in str(one.evidence["line"])


def test_a_line_about_a_file_says_which_service_wrote_it(host):
    line = b"2026-01-02T03:04:05 web1 sshd[812]: Permissions 0644 for '/etc/ssh/host.key' are too open.\n"
    (one,) = Reader(host(), "x").read(line)
    assert one.subject == "file:web1:/etc/ssh/host.key"
    assert one.evidence["service"] == "sshd"


def test_hostile_line_gives_a_valid_entity(host):
    line = b"\x1b[31moom-kill:constraint=NONE,task=\xff\x00<script>\x07,pid=1,uid=0 " + b"A" * 200_000
    (one,) = Reader(host(), "x").read(line)
    assert all(letter.isprintable() for letter in one.subject)
    assert len(str(one.evidence["line"])) <= 512
