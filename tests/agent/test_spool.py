"""What the spool keeps: order, numbers, bounds, and everything over kill -9."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.sending.sequence import BLOCK, Sequence
from agent.sending.spool import Spool
from wire.judgement import Verdict
from wire.observation import Observation


def observation(seq, text="x" * 50):
    return Observation(
        seq=seq,
        signal="net.icmp",
        subject="address:10.0.0.1",
        verdict=Verdict.FAIL,
        at=1.0,
        since=1.0,
        evidence={"text": text},
    )


def add(spool, count=1, *, repeat=False, text="x" * 50):
    numbers = []
    for _ in range(count):
        numbers.append(spool.sequence.next())
        spool.append(observation(numbers[-1], text), repeat=repeat)
    return numbers


def test_what_was_appended_comes_out_in_order_after_reopening(tmp_path: Path):
    spool = Spool(tmp_path)
    numbers = add(spool, 1200)
    spool.close()
    again = Spool(tmp_path)
    first = [one.seq for one in again.peek(500)]
    again.acknowledge(first[-1])
    second = [one.seq for one in again.peek(5000)]
    assert first + second == numbers
    again.close()


def test_acknowledged_segments_are_removed(tmp_path: Path):
    spool = Spool(tmp_path, max_bytes=64 * 1024)
    last = add(spool, 200)[-1]
    assert len(list(tmp_path.glob("*.seg"))) > 1
    spool.acknowledge(last)
    assert not spool.pending
    assert not list(tmp_path.glob("*.seg"))
    spool.close()


def test_a_number_is_never_given_twice_over_any_crash(tmp_path: Path):
    given_out = set()
    for _ in range(5):
        sequence = Sequence(tmp_path / "sequence")
        for _ in range(3):
            number = sequence.next()
            assert number not in given_out
            given_out.add(number)
        os.close(sequence._file)  # no mark, no goodbye: as a crash leaves it
    assert max(given_out) <= 5 * (BLOCK + 3)


def test_a_torn_reservation_falls_back_to_the_slot_before(tmp_path: Path):
    path = tmp_path / "sequence"
    sequence = Sequence(path)
    sequence.next()
    sequence.mark(1, 0)
    before = sequence._generation
    sequence.close()
    content = bytearray(path.read_bytes())
    newest = before % 2 * 512
    content[newest + 3] ^= 0xFF
    path.write_bytes(content)
    assert Sequence(path).last >= BLOCK


def test_a_torn_end_is_cut_off_and_the_rest_is_kept(tmp_path: Path):
    spool = Spool(tmp_path)
    numbers = add(spool, 10)
    spool.close()
    segment = next(tmp_path.glob("*.seg"))
    segment.write_bytes(segment.read_bytes()[:-7])
    again = Spool(tmp_path)
    assert [one.seq for one in again.peek(100)] == numbers[:-1]
    assert again.spoilt > 0
    new = add(again)
    assert [one.seq for one in again.peek(100)] == numbers[:-1] + new
    again.close()


def test_repeats_are_dropped_before_any_change_and_counted(tmp_path: Path):
    spool = Spool(tmp_path, max_bytes=64 * 1024)
    changes = []
    for _ in range(100):
        changes += add(spool)
        add(spool, 9, repeat=True)
    kept = {one.seq for one in spool.peek(100_000)}
    assert spool.bytes <= 64 * 1024
    assert set(changes) <= kept
    assert spool.dropped == 1000 - len(kept)
    spool.close()
    assert Spool(tmp_path).dropped == 1000 - len(kept)


def test_when_only_changes_are_left_the_oldest_go_and_are_counted(tmp_path: Path):
    spool = Spool(tmp_path, max_bytes=64 * 1024)
    numbers = add(spool, 1000)
    kept = [one.seq for one in spool.peek(100_000)]
    assert spool.bytes <= 64 * 1024
    assert kept == numbers[-len(kept) :]
    assert spool.dropped == len(numbers) - len(kept)
    spool.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(1, 40), st.booleans()),
            st.tuples(st.just("ack"), st.floats(0, 1), st.booleans()),
            st.tuples(st.just("reopen"), st.booleans(), st.booleans()),
        ),
        max_size=30,
    )
)
def test_any_history_keeps_order_and_loses_nothing_unacknowledged(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder)
    expected = []
    for what, amount, flag in steps:
        if what == "add":
            expected += add(spool, amount, repeat=flag)
        elif what == "ack" and expected:
            seq = expected[int(amount * (len(expected) - 1))]
            spool.acknowledge(seq)
            expected = [one for one in expected if one > seq]
        elif what == "reopen":
            if amount:
                spool.close()
            spool = Spool(folder)
    assert [one.seq for one in spool.peek(100_000)] == expected
    spool.close()


@pytest.fixture
def small_disk(tmp_path: Path):
    """A real file system of 256 KiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    point = tmp_path / "small"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", point], check=True)
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", point], check=True)


def test_on_a_full_disk_changes_outlive_repeats_and_all_is_written_when_there_is_room(small_disk: Path):
    spool = Spool(small_disk / "spool")
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 200 * 1024)
    changes = []
    for _ in range(500):
        changes += add(spool)
        add(spool, 9, repeat=True)
    kept = {one.seq for one in spool.peek(100_000)}
    assert set(changes) <= kept
    assert spool.dropped == 5000 - len(kept) > 0
    ballast.unlink()
    spool.acknowledge(changes[100])
    changes += add(spool)
    spool.close()
    expected = [seq for seq in changes if seq > changes[100]]
    assert [
        one.seq for one in Spool(small_disk / "spool").peek(100_000) if one.seq in set(changes)
    ] == expected


WRITER = """
    import sys
    from pathlib import Path
    from agent.sending.spool import Spool
    from wire.observation import Observation
    from wire.judgement import Verdict
    spool = Spool(Path(sys.argv[1]))
    while True:
        seq = spool.sequence.next()
        one = Observation(seq=seq, signal="a.b", subject="host:x", verdict=Verdict.PASS, at=1, since=1)
        spool.append(one)
        sys.stdout.write(f"{seq}\\n")
        sys.stdout.flush()
"""


def test_kill_9_at_random_moments_loses_nothing_appended_and_reuses_no_number(tmp_path: Path):
    said = []
    for attempt in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        said += [int(writer.stdout.readline()) for _ in range(50 + 37 * attempt)]
        writer.send_signal(signal.SIGKILL)
        said += [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        writer.wait()
        writer.stdout.close()
    assert len(set(said)) == len(said)
    assert said == sorted(said)
    kept = [one.seq for one in Spool(tmp_path).peek(1_000_000)]
    assert set(said) <= set(kept)
