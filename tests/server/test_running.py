"""Starting, ending, and settings that cannot be used."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
import requests

from server.config import SETTINGS, BadSetting, parse_address, read_config
from tests.waiting import soon


def run_server(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "server", "run"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_cleanly(launch, number) -> None:
    server = launch()
    assert server.stop(number) == 0
    assert "Traceback" not in server.output.read_text()


def test_a_hung_request_does_not_hold_up_the_end(launch) -> None:
    server = launch()
    agent = server.enroll()
    with server.begun(agent):
        assert server.stop() == 0


def test_held_requests_are_let_go_at_once(launch) -> None:
    server = launch()
    agent = server.enroll()
    answers: list[int] = []

    def hold() -> None:
        answers.append(server.get("/api/v1/tasks?wait=50", headers=agent.headers).status_code)

    holding = threading.Thread(target=hold)
    holding.start()
    assert soon(lambda: server.held() == 1)
    assert server.stop() == 0
    holding.join(60)
    assert answers == [200]


def test_a_second_signal_ends_it_at_once(launch) -> None:
    server = launch()
    agent = server.enroll()
    with server.begun(agent):
        server.process.send_signal(signal.SIGINT)
        assert soon(lambda: not server.listens())
        assert server.stop(signal.SIGINT) == 128 + signal.SIGINT


def test_a_second_server_on_the_same_data_is_refused(launch) -> None:
    server = launch()
    second = run_server(ROOTWARD_HOME=str(server.home), ROOTWARD_LISTEN="127.0.0.1:0")
    assert second.returncode == 1
    assert "another server runs" in second.stderr
    assert requests.get(f"{server.url}/readyz", timeout=100).status_code == 200


def test_an_address_in_use_is_named(launch, tmp_path) -> None:
    server = launch()
    address = server.url.removeprefix("http://")
    second = run_server(ROOTWARD_HOME=str(tmp_path / "other"), ROOTWARD_LISTEN=address)
    assert second.returncode == 1
    assert "ROOTWARD_LISTEN" in second.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROOTWARD_LISTEN", "8470"),
        ("ROOTWARD_LISTEN", "::1:8470"),
        ("ROOTWARD_LISTEN", "host:99999"),
        ("ROOTWARD_LISTEN", "host:-1"),
        ("ROOTWARD_LISTEN", ":80"),
        ("ROOTWARD_TLS_CERT", "/nowhere/cert.pem"),
        ("ROOTWARD_LONG_POLL", "maybe"),
        ("ROOTWARD_LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_setting_is_named(name, value) -> None:
    with pytest.raises(BadSetting, match=f"^{name}: "):
        read_config({name: value})


def test_a_bad_setting_ends_the_start_with_a_usage_error(tmp_path) -> None:
    ended = run_server(ROOTWARD_HOME=str(tmp_path), ROOTWARD_LISTEN="nonsense")
    assert (ended.returncode, ended.stderr.splitlines()[0][:31]) == (2, "rootward server: ROOTWARD_LISTE")


def test_a_key_without_its_certificate_is_refused(tmp_path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("x")
    with pytest.raises(BadSetting, match=r"^ROOTWARD_TLS_CERT: "):
        read_config({"ROOTWARD_TLS_KEY": str(key)})


def test_every_setting_has_a_default_that_can_be_used() -> None:
    assert read_config({setting.name: setting.default for setting in SETTINGS}) == read_config({})


@pytest.mark.parametrize(
    ("text", "loopback"),
    [("127.0.0.1:1", True), ("[::1]:1", True), ("localhost:1", True), ("0.0.0.0:1", False), ("web:1", False)],
)
def test_loopback_is_recognised(text, loopback) -> None:
    assert parse_address(text).loopback is loopback
    assert str(parse_address(text)) == text


def test_the_password_is_shown_at_the_first_start_only(launch) -> None:
    server = launch()
    server.stop()
    server.start()
    assert server.output.read_text().count("shown once") == 1


def test_an_enrolment_token_can_be_made_while_the_server_runs(launch) -> None:
    server = launch()
    made = subprocess.run(
        [sys.executable, "-m", "cli.main", "server", "token", "--host", "web7", "--ttl", "5m"],
        env={**os.environ, "ROOTWARD_HOME": str(server.home)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert made[:5] == ["rootward", "agent", "enroll", "--server", server.url]
    body = {"token": made[6], "host": "web7"}
    assert requests.post(f"{server.url}/api/v1/enroll", json=body, timeout=100).status_code == 201
