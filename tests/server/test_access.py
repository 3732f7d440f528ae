"""No endpoint but health, sign-in and enrolment answers without a credential."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from server.app import compose
from server.auth.principal import Access
from server.config import read_config
from server.ingest.endpoint import PATH

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/api/v1/enroll"),
    ("POST", "/api/v1/sign-in"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/static/rootward.css"),
}


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str, str]]:
    """(method, path, access) of every route of the application."""
    home: Path = tmp_path_factory.mktemp("routes")
    app = compose(read_config({"ROOTWARD_HOME": str(home)}), "http://127.0.0.1", "")
    found = {("POST", PATH, Access.AGENT.value)}
    for route in app.litestar.routes:
        for handler in getattr(route, "route_handlers", []):
            access = Access(handler.opt.get("access", Access.OPERATOR)).value
            found |= {(str(method), route.path, access) for method in handler.http_methods}
    app.close()
    return found


def test_only_the_known_routes_are_open(routes) -> None:
    opened = {(method, path) for method, path, access in routes if access == Access.OPEN}
    assert {(method, path) for method, path in opened if method not in {"HEAD", "OPTIONS"}} == OPEN


def test_every_other_route_asks_for_a_credential(server, routes) -> None:
    for method, path, access in sorted(routes):
        if access == Access.OPEN or method in {"HEAD", "OPTIONS"}:
            continue
        url = server.url + re.sub(r"\{\w+:int\}", "1", re.sub(r"\{[^}]*:str\}", "x", path))
        for headers in ({}, {"Authorization": "Bearer nobody.knows"}, {"Cookie": "rootward_session=x"}):
            answer = requests.request(method, url, headers=headers, timeout=100, allow_redirects=False)
            assert answer.status_code == 401, (method, path, answer.text)


def test_every_documented_path_is_a_route(server, routes) -> None:
    documented = set(server.get("/openapi.json").json()["paths"])
    known = {re.sub(r"\{(\w+):\w+\}", r"{\1}", path) for _, path, _ in routes}
    assert documented <= known
    assert PATH in documented


def test_a_browser_without_a_session_is_shown_the_way(server) -> None:
    answer = server.get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"][:8]) == (303, "/sign-in")


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/tickets", "/nowhere", "/sign-in"])
def test_every_answer_carries_the_security_headers(server, path) -> None:
    headers = server.get(path, headers={}).headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"token":' * 3000, "NaN", "", "{}", '{"token": 1, "host": "x"}']
)
def test_a_bad_enrolment_is_told_so(server, body) -> None:
    answer = requests.post(f"{server.url}/api/v1/enroll", data=body, timeout=100)
    assert answer.status_code in {400, 413}, answer.text


@pytest.mark.parametrize("host", ["", "-x", "a b", "../etc", "x" * 300, "<b>", "é"])
def test_a_bad_host_name_is_refused(server, host) -> None:
    body = {"token": "t", "host": host}
    assert requests.post(f"{server.url}/api/v1/enroll", json=body, timeout=100).status_code == 400


def test_no_credential_is_logged(server, agent) -> None:
    agent.send(agent.batch(agent.look()))
    server.get("/metrics", headers={"Authorization": "Bearer wrong.secret"})
    logged = server.output.read_text().partition("(shown once)")[2]
    assert agent.headers["Authorization"].split()[1] not in logged
    assert server.token not in logged
