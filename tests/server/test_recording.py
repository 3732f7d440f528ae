"""A recording of a living server: who may have it, from when it is, what is in it and what never is."""

from __future__ import annotations

import gzip
import os
import stat
import time
from pathlib import Path

from cli.main import main
from server.recording.file import read_recording
from server.recording.lines import Declared, Head, Known, Line, Planned, Said
from wire.judgement import Verdict


def recorded(server, file: Path, *more: str) -> list[Line]:
    token = str(server.home / "operator.token")
    assert main(["record", str(file), "--server", server.url, "--token-file", token, *more]) == 0
    return list(read_recording(file))


def said_by(agent, lines: list[Line]) -> list[int]:
    return [
        seen.seq - agent.start
        for line in lines
        if isinstance(line, Said) and line.batch.agent == agent.id
        for seen in line.batch.observations
    ]


def test_only_operators_get_a_recording(server, agent):
    assert server.get("/api/v1/recording", headers={}).status_code == 401
    assert server.get("/api/v1/recording", headers=agent.headers).status_code == 403
    assert server.get("/api/v1/recording").status_code == 200


def test_what_was_said_since_is_told_and_what_was_said_before_is_known(server, agent, tmp_path):
    agent.send(agent.batch(agent.look("host:early")))
    time.sleep(0.05)
    since = time.time()
    agent.send(agent.batch(agent.look("host:late", Verdict.FAIL)))
    lines = recorded(server, tmp_path / "it.jsonl.gz", "--since", repr(since))
    assert isinstance(lines[0], Head)
    assert lines[0].begins == since
    assert said_by(agent, lines) == [2]
    (known,) = [line.agent for line in lines if isinstance(line, Known) and line.agent.agent == agent.id]
    assert [entry.observation.subject for entry in known.entries] == ["host:early"]


def test_without_a_beginning_all_that_is_kept_is_told(server, agent, tmp_path):
    for number in range(3):
        agent.send(agent.batch(agent.look(f"host:n{number}")))
    assert said_by(agent, recorded(server, tmp_path / "it.jsonl.gz")) == [1, 2, 3]


def test_what_people_declared_is_told(server, agent, tmp_path):
    agent.send(agent.batch(agent.look()))
    site = {"switch": [{"name": "sw1", "ports": [f"{agent.host}/eth0"]}]}
    assert server.post("/api/v1/site", json=site).status_code == 200
    now = time.time()
    window = {"entity": "host:web1", "starts_at": now, "ends_at": now + 600, "why": "new disks"}
    assert server.post("/api/v1/maintenance", json=window).status_code == 201
    lines = recorded(server, tmp_path / "it.jsonl.gz")
    assert [line.site.switch[0].name for line in lines if isinstance(line, Declared)][-1] == "sw1"
    assert [line.window.why for line in lines if isinstance(line, Planned)] == ["new disks"]


def test_no_secret_is_in_it(server, agent, tmp_path):
    agent.send(agent.batch(agent.look()))
    recorded(server, tmp_path / "it.jsonl.gz")
    content = gzip.decompress((tmp_path / "it.jsonl.gz").read_bytes()).decode()
    secret = agent.headers["Authorization"].rpartition(".")[2]
    assert agent.id in content
    assert not [each for each in (secret, server.token, server.password) if each in content]


def test_the_file_is_for_its_owner_only(server, agent, tmp_path):
    before = os.umask(0)
    try:
        recorded(server, tmp_path / "it.jsonl.gz")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "it.jsonl.gz").stat().st_mode) == 0o600


def test_a_server_that_is_not_there_is_told(tmp_path, capsys):
    token = tmp_path / "token"
    token.write_text("x")
    told = ["--server", "http://127.0.0.1:1", "--token-file", str(token)]
    assert main(["record", str(tmp_path / "it"), *told]) == 2
    assert "is the server up?" in capsys.readouterr().err
