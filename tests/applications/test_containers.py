"""Containers, as Docker and Podman tell of them: recorded answers, served over a real socket."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from threading import Thread

import pytest

from collectors.host import Host
from collectors.services import containers
from tests.applications.conftest import by_signal
from wire.judgement import Reason, Verdict


class Engine:
    def __init__(self, path: Path) -> None:
        self.found: dict[str, dict] = {}
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def address_string(self) -> str:
                return "local"

            def do_GET(self) -> None:
                content = json.dumps(engine.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingUnixStreamServer(str(path), Handler)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def add(
        self,
        name: str,
        status: str,
        *,
        exit_code=0,
        oom=False,
        restarts=0,
        policy="no",
        health="",
        ago="3 hours",
    ):
        state = {
            "Status": status,
            "ExitCode": exit_code,
            "OOMKilled": oom,
            "Error": "",
            "Running": status == "running",
        }
        if health:
            state["Health"] = {"Status": health, "FailingStreak": 3, "Log": []}
        shown = (
            f"Up {ago}" + (f" ({health})" if health else "")
            if status == "running"
            else f"Exited ({exit_code}) 2 minutes ago"
        )
        self.found[name] = {
            "list": {"Id": name * 4, "Names": [f"/{name}"], "Image": "x", "State": status, "Status": shown},
            "look": {"Id": name * 4, "Name": f"/{name}", "RestartCount": restarts, "State": state,
                     "HostConfig": {"RestartPolicy": {"Name": policy, "MaximumRetryCount": 0}}},
        }  # fmt: skip

    def answer(self, path: str):
        if path.startswith("/containers/json"):
            return [one["list"] for one in self.found.values()]
        return next(one["look"] for one in self.found.values() if one["look"]["Id"] in path)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    path = tmp_path / "docker.sock"
    made = Engine(path)
    monkeypatch.setattr(containers, "SOCKETS", (str(path),))
    yield made
    made.close()


def states(host: Host) -> dict[str, Reason]:
    found = list(containers.read(host))
    for one in found:
        by_signal(containers, [one])
    return {one.subject.rpartition("/")[2]: one.reason for one in found if one.verdict is not Verdict.PASS}


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"status": "restarting", "policy": "always", "restarts": 7}, Reason.RESTARTING),
        ({"status": "running", "health": "unhealthy"}, Reason.HUNG),
        ({"status": "exited", "exit_code": 137, "oom": True, "policy": "on-failure"}, Reason.EXHAUSTED),
        ({"status": "exited", "exit_code": 1, "policy": "always"}, Reason.STOPPED),
        ({"status": "dead"}, Reason.STOPPED),
    ],
)
def test_a_container_in_trouble_is_named(engine, box, how, reason):
    engine.add("shop", **how)
    assert states(box) == {"shop": reason}


@pytest.mark.parametrize(
    "how",
    [
        {"status": "running", "health": "healthy"},
        {"status": "running", "ago": "4 seconds"},
        {"status": "exited", "exit_code": 0, "policy": "always"},
        {"status": "exited", "exit_code": 143, "policy": "always"},
        {"status": "exited", "exit_code": 2},
        {"status": "created"},
        {"status": "paused"},
    ],
)
def test_a_container_that_is_as_it_should_be_is_silent(engine, box, how):
    engine.add("shop", **how)
    assert states(box) == {}


def test_one_that_ran_while_we_looked_and_ended_with_an_error_is_a_fault_without_any_policy(engine, box):
    engine.add("shop", "running")
    assert states(box) == {}
    engine.add("shop", "exited", exit_code=2)
    assert states(box) == {"shop": Reason.STOPPED}


def test_one_that_restarts_again_and_again_is_seen_between_its_lives(engine, box):
    for restarts in (1, 2, 3, 4):
        engine.add("shop", "running", ago="1 second", restarts=restarts, policy="always")
        found = states(box)
    assert found == {"shop": Reason.RESTARTING}


def test_a_socket_behind_which_nobody_is_says_nothing(tmp_path, box, monkeypatch):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    monkeypatch.setattr(containers, "SOCKETS", (str(path),))
    assert states(box) == {}
