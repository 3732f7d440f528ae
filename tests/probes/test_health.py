"""Health reports of several frameworks, from a real HTTP server."""

from __future__ import annotations

import contextlib
import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.web import health
from probes.web.health_report import read
from tests.applications.conftest import Web, free_port
from wire.judgement import Reason, Verdict
from wire.target import HealthTarget


@pytest.fixture
def told(ask):
    """The judgement of a report, by status and content."""
    server = Web(free_port())

    def judge(status: int, content: object):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        server.answers["/health"] = (status, body)
        return ask(health, HealthTarget(url=f"http://127.0.0.1:{server.port}/health"))

    yield judge
    server.close()


DATABASE = {"status": "UP", "details": {"database": "PostgreSQL"}}
SPRING = {"status": "UP", "components": {"db": DATABASE, "ping": {"status": "UP"}}}


@pytest.mark.parametrize(
    "report",
    [
        SPRING,
        {"status": "UP", "checks": []},
        {"status": "pass", "checks": {"db:time": [{"status": "pass", "observedValue": 3}]}},
        {"status": "Healthy", "results": {"db": {"status": "Healthy"}}},
        {"health": "true"},
        b"OK",
    ],
)
def test_a_well_application_passes(told, report):
    assert told(200, report).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("report", "down"),
    [
        ({"status": "DOWN", "components": {"db": {"status": "DOWN"}, "ping": {"status": "UP"}}}, "db"),
        ({"status": "DOWN", "db": {"status": "DOWN"}, "diskSpace": {"status": "UP"}}, "db"),
        ({"status": "DOWN", "checks": [{"name": "broker", "status": "DOWN"}]}, "broker"),
        ({"status": "fail", "checks": {"redis:ping": [{"status": "fail"}]}}, "redis:ping"),
        ({"status": "Unhealthy", "results": {"sql": {"status": "Unhealthy"}}}, "sql"),
        ({"health": "false"}, "the whole"),
        (b"Unhealthy", "the whole"),
    ],
)
def test_what_is_down_is_named(told, report, down):
    found = told(503, report)
    assert (found.verdict, found.reason, found.evidence["down"]) == (Verdict.FAIL, Reason.BODY, down)


def test_a_part_that_is_down_in_a_whole_that_is_not_warns(told):
    found = told(200, {"status": "UP", "components": {"mail": {"status": "DOWN"}}})
    assert (found.verdict, found.reason, found.evidence["down"]) == (Verdict.WARN, Reason.BODY, "mail")


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, Reason.AUTH), (404, Reason.WRONG), (500, Reason.STATUS), (502, Reason.GATEWAY)],
)
def test_no_report_is_told_by_its_status(told, status, reason):
    assert told(status, b"<html>").reason is reason


def test_a_page_that_is_no_report_has_the_wrong_body(told):
    assert told(200, b"<html>Welcome</html>").reason is Reason.BODY


@pytest.fixture
def behind_nginx(nginx, free_port, tmp_path, ask):
    """The judgement of one of nginx's pages; behind one of them is a server that never answers."""
    (tmp_path / "large.json").write_text(json.dumps({"status": "UP", "components": {"x": "y" * 600}}))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pages = (
            """location = /up { return 200 '{"status":"UP"}'; }""",
            """location = /down { return 503 '{"status":"DOWN","components":{"db":{"status":"DOWN"}}}'; }""",
            "location = /gone { proxy_pass http://127.0.0.1:1; }",
            "location = /secret { return 401; }",
            f"location = /hung {{ proxy_pass http://127.0.0.1:{silent.getsockname()[1]}; }}",
            f"location = /large.json {{ root {tmp_path}; limit_rate 400; }}",
        )
        nginx(f"server {{ listen 127.0.0.1:{free_port}; {' '.join(pages)} }}", free_port)
        yield lambda page: ask(health, HealthTarget(url=f"http://127.0.0.1:{free_port}/{page}"))


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("up", Reason.OK),
        ("down", Reason.BODY),
        ("gone", Reason.GATEWAY),
        ("missing", Reason.WRONG),
        ("secret", Reason.AUTH),
        ("hung", Reason.REQUEST_TIMEOUT),
        ("large.json", Reason.SLOW),
    ],
)
def test_a_report_that_comes_through_nginx(behind_nginx, monkeypatch, page, reason):
    monkeypatch.setattr(health, "_BUDGET", 5.0)
    monkeypatch.setattr(health, "_SLOW", 0.5 if reason is Reason.SLOW else 5.0)
    assert behind_nginx(page).reason is reason


def test_no_server_refuses(free_port, ask):
    assert ask(health, HealthTarget(url=f"http://127.0.0.1:{free_port}/health")).reason is Reason.REFUSED


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data):
    with contextlib.suppress(ValueError):
        read(data)


@given(
    st.recursive(st.none() | st.booleans() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_no_document_breaks_the_reader(content):
    with contextlib.suppress(ValueError):
        read(json.dumps(content).encode())
