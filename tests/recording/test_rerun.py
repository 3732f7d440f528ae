"""The same recording gives the same bytes, whatever the interpreter's hashes are; a broken one is refused."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cli.main import main
from rules.catalogue import load_catalogue
from server.recording.file import read_recording
from server.recording.lines import (
    Asked,
    BadRecording,
    Ended,
    Head,
    Known,
    Line,
    Said,
    encode_line,
    read_lines,
    written,
)
from server.recording.rerun import rerun
from wire.judgement import Reason, Verdict

RECORDED = Path(__file__).parent.parent / "recorded"
ONE = RECORDED / "service_down-1.jsonl.gz"
ROOT = ("svc.process.down", "service:web1/nginx")


def printed(recording: Path, seed: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "rerun", str(recording)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
        timeout=140,
    )
    return done.stdout


@pytest.mark.timeout(300)
def test_two_runs_with_other_hash_seeds_print_the_same_bytes():
    first = printed(ONE, "1")
    assert first
    assert first == printed(ONE, "2")


def test_a_ticket_is_printed_with_its_root_its_story_and_its_evidence(capsys):
    assert main(["rerun", str(ONE)]) == 0
    told = msgspec.json.decode(capsys.readouterr().out.splitlines()[0])
    ticket = told["ticket"]
    assert told["diagnosis"]["root"]["fault"] == ticket["fault"]
    assert ticket["fault"]
    assert ticket["events"][0]["what"] == "opened"
    assert ticket["observations"]


def changed(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    file = folder / "changed.jsonl"
    file.write_bytes(b"".join(change(gzip.decompress(ONE.read_bytes()).splitlines(keepends=True))))
    return file


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: lines[:-1], "the recording was cut off"),
        (lambda lines: lines[1:], "line 1: a recording has one head"),
        (lambda lines: [lines[0], *lines], "line 2: a recording has one head"),
        (lambda lines: [*lines, lines[-2]], "one end, last"),
        (lambda lines: [*lines[:-3], *lines[-2:]], "lines should stand before the end"),
        (lambda lines: [lines[0], b'{"line":"said","at":1}\n', lines[-1]], "line 2: Object missing required"),
        (lambda lines: [lines[0], b"[" * 100_000 + b"\n"], "line 2: "),
        (lambda lines: [lines[0].replace(b'"version":1', b'"version":2')], "line 1: "),
        (lambda lines: [], "line 1: the end is missing"),
    ],
)
def test_what_is_no_whole_recording_is_refused_with_its_line(tmp_path, capsys, change, why):
    assert main(["rerun", str(changed(tmp_path, change))]) == 2
    assert why in capsys.readouterr().err


def test_a_broken_archive_is_refused(tmp_path, capsys):
    file = tmp_path / "half.jsonl.gz"
    file.write_bytes(ONE.read_bytes()[:-100])
    assert main(["rerun", str(file)]) == 2
    assert "the gzipped file is broken" in capsys.readouterr().err


def test_a_line_longer_than_any_may_be_is_refused_without_reading_on(tmp_path, monkeypatch):
    monkeypatch.setattr("server.recording.lines.MAX_LINE", 1000)
    with pytest.raises(BadRecording, match="longer than 1000 bytes"):
        list(read_recording(ONE))


def test_a_test_nobody_asked_then_is_told_as_not_checked(tmp_path, capsys):
    """Without the questions that were asked, none of those asked now has an answer."""
    lines = [each for each in read_recording(ONE) if not isinstance(each, Asked)]
    (tmp_path / "silent.jsonl").write_bytes(b"".join(written(lines)))
    assert main(["rerun", str(tmp_path / "silent.jsonl")]) == 0
    assert "not asked when the recording was made" in capsys.readouterr().out


def test_what_an_agent_sent_is_written_in_plain_ascii():
    said = next(each for each in read_recording(ONE) if isinstance(each, Said) and each.batch.observations)
    seen = msgspec.structs.replace(
        said.batch.observations[0], evidence={"line": "\x1b[2J\x9b2J\u202e\x7f\U0001f600 磁盘"}
    )
    hostile = msgspec.structs.replace(said, batch=msgspec.structs.replace(said.batch, observations=(seen,)))
    written_line = encode_line(hostile)
    assert all(32 <= byte < 127 for byte in written_line[:-1])
    assert decoded(written_line) == hostile


def decoded(line: bytes) -> Line:
    return msgspec.json.decode(line, type=Line)


def test_lines_are_read_as_they_were_written(tmp_path):
    lines = list(read_recording(ONE))
    (tmp_path / "again").write_bytes(b"".join(written(lines)))
    with (tmp_path / "again").open("rb") as file:
        assert list(read_lines(file)) == lines


def test_running_it_again_leaves_the_recording_as_it_was(tmp_path):
    lines = list(read_recording(ONE))
    kept = b"".join(written(lines))
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    told = rerun(lambda: lines, first, load_catalogue())
    assert b"".join(written(lines)) == kept
    assert rerun(lambda: lines, second, load_catalogue()) == told


def test_a_look_whose_matter_was_closed_before_does_not_come_and_go(tmp_path):
    """Its failing runs before the recording belong to the ticket that was resolved then."""
    lines = [shaken(each) for each in read_recording(ONE)]
    head = next(each for each in lines if isinstance(each, Head))
    ended = Ended(at=head.begins - 1.0, looks=tuple(sorted(looks_of(lines))))
    known = [each for each in lines if isinstance(each, Head | Known)]
    with_memory = [*known, ended, *lines[len(known) :]]
    roots = []
    for name, each in (("without", lines), ("with", with_memory)):
        (tmp_path / name).mkdir()
        told = rerun(lambda each=each: each, tmp_path / name, load_catalogue())
        roots.append([(one.ticket.fault, one.ticket.entity) for one in told])
    assert roots[0] != [ROOT]
    assert roots[1] == [ROOT]


def shaken(line: Line) -> Line:
    """As if every failing look had failed and passed shortly before."""
    if not isinstance(line, Said):
        return line
    replace = msgspec.structs.replace
    observations = tuple(
        seen if seen.verdict is Verdict.PASS else replace(seen, intermittent=(seen.reason, Reason.CARRIER))
        for seen in line.batch.observations
    )
    return Said(at=line.at, batch=replace(line.batch, observations=observations))


def looks_of(lines: list[Line]) -> set[tuple[str, str, str]]:
    hosts = {line.agent.agent: line.agent.host for line in lines if isinstance(line, Known)}
    return {
        (hosts[line.batch.agent], seen.signal, seen.subject)
        for line in lines
        if isinstance(line, Said)
        for seen in line.batch.observations
    }
