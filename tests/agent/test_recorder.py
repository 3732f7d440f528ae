"""The flight recorder's snapshot: bounded, redacted, and about this moment."""

import pytest

from agent.recorder import Recorder
from collectors.host import Host
from wire.codec import decode, encode
from wire.exchange import MAX_SNAPSHOT, Snapshot
from wire.judgement import Judgement, Reason, Verdict


@pytest.fixture
def recorder():
    made = Recorder(Host("web1"))
    made.sample()
    return made


def said(line):
    return Judgement(
        signal="log.segfault",
        subject="service:web1/app",
        verdict=Verdict.FAIL,
        reason=Reason.MATCHED,
        evidence={"line": line},
    )


def test_a_snapshot_of_this_machine_is_valid_and_bounded(recorder):
    snapshot = recorder.snapshot("a1")
    body = encode(snapshot)
    assert len(body) <= MAX_SNAPSHOT
    assert decode(body, Snapshot) == snapshot
    assert "cpu:" in snapshot.sections["samples"]
    assert snapshot.sections["mounts"]
    assert "MiB" in snapshot.sections["processes"]


def test_log_lines_are_kept_without_their_secrets_and_control_characters(recorder):
    recorder.note(said("boom \x1b[31m password=hunter2"))
    log = recorder.snapshot("a1").sections["log"]
    assert "boom" in log
    assert "hunter2" not in log
    assert "\x1b" not in log


def test_a_flood_of_lines_stays_bounded(recorder):
    for number in range(100_000):
        recorder.note(said(f"{number} " + "\u4e2d" * 5000))
    assert len(encode(recorder.snapshot("a1"))) <= MAX_SNAPSHOT


def test_a_machine_without_proc_still_gives_a_snapshot(tmp_path):
    empty = Recorder(Host("web1", root=str(tmp_path)))
    empty.sample()
    assert "not readable" in empty.snapshot("a1").sections["processes"]
