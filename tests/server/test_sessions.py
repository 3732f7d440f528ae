"""Sign-in, sessions and what protects them, in a browser's place."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import requests

COOKIE = "rootward_session"


@pytest.fixture
def browser(server) -> requests.Session:
    """Not signed in."""
    return requests.Session()


@pytest.fixture
def signed_in(server, browser) -> requests.Session:
    """With the page's token in every request."""
    answer = sign_in(server, browser)
    assert answer.status_code == 200
    browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return browser


def sign_in(server, browser, password: str = "", **options) -> requests.Response:
    body = {"name": "admin", "password": password or server.password}
    return browser.post(f"{server.url}/api/v1/sign-in", json=body, timeout=100, **options)


def make_token(server, browser, **options) -> int:
    return browser.post(f"{server.url}/api/v1/tokens", json={}, timeout=100, **options).status_code


def test_there_is_no_session_before_sign_in(server, browser) -> None:
    browser.get(f"{server.url}/sign-in", timeout=100)
    browser.get(f"{server.url}/", timeout=100)
    assert COOKIE not in browser.cookies


def test_a_session_opens_what_needs_an_operator(server, signed_in) -> None:
    assert make_token(server, signed_in) == 201


def test_an_id_from_elsewhere_is_refused_and_not_adopted(server, browser) -> None:
    browser.cookies.set(COOKIE, "chosen-by-somebody-else")
    assert make_token(server, browser) == 401
    assert sign_in(server, browser).status_code == 200
    assert "chosen-by-somebody-else" not in {cookie.value for cookie in browser.cookies if cookie.domain}


def test_sign_in_renews_the_session_and_ends_the_old_one(server, signed_in) -> None:
    old = dict(signed_in.cookies)
    token = sign_in(server, signed_in).json()["csrf"]
    assert signed_in.cookies[COOKIE] != old[COOKIE]
    assert make_token(server, requests, cookies=old, headers={"X-CSRF-Token": token}) == 401


def test_the_cookie_is_for_http_and_this_site_only(server, browser) -> None:
    cookie = sign_in(server, browser).headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie  # plain HTTP on loopback; test_tls looks at the other case


def test_an_unsafe_request_must_repeat_the_pages_token(server, signed_in) -> None:
    del signed_in.headers["X-CSRF-Token"]
    assert make_token(server, signed_in) == 403
    assert make_token(server, signed_in, headers={"X-CSRF-Token": "wrong"}) == 403


def test_the_token_of_another_session_does_not_do(server, signed_in) -> None:
    other = sign_in(server, requests.Session()).json()["csrf"]
    assert make_token(server, signed_in, headers={"X-CSRF-Token": other}) == 403


def test_a_form_may_carry_the_token(server, signed_in) -> None:
    token = signed_in.headers.pop("X-CSRF-Token")
    url = f"{server.url}/sign-out"
    without = signed_in.post(url, data={"csrf": "wrong"}, timeout=100, allow_redirects=False)
    with_it = signed_in.post(url, data={"csrf": token}, timeout=100, allow_redirects=False)
    assert (without.status_code, with_it.status_code) == (403, 303)


def test_after_sign_out_the_cookie_is_worth_nothing(server, signed_in) -> None:
    kept, token = dict(signed_in.cookies), signed_in.headers["X-CSRF-Token"]
    assert signed_in.post(f"{server.url}/api/v1/sign-out", timeout=100).status_code == 204
    assert make_token(server, requests, cookies=kept, headers={"X-CSRF-Token": token}) == 401


def test_a_wrong_password_opens_nothing(server, browser) -> None:
    answer = sign_in(server, browser, "wrong")
    assert (answer.status_code, len(browser.cookies)) == (401, 0)


def test_another_sites_page_cannot_sign_in_a_browser(server, browser) -> None:
    assert sign_in(server, browser, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400


def test_a_session_is_no_agent(server, signed_in) -> None:
    assert signed_in.get(f"{server.url}/api/v1/tasks", timeout=100).status_code == 403


def test_an_agent_is_no_operator(server, agent) -> None:
    assert server.get("/api/v1/tickets", headers=agent.headers).status_code == 403


def test_too_many_tries_are_held_off(launch) -> None:
    server = launch()
    answers = [sign_in(server, requests.Session(), "wrong") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_new_password_ends_every_session(launch) -> None:
    server = launch()
    browser = requests.Session()
    browser.headers["X-CSRF-Token"] = sign_in(server, browser).json()["csrf"]
    fresh = subprocess.run(
        [sys.executable, "-m", "cli.main", "server", "password"],
        env={**os.environ, "ROOTWARD_HOME": str(server.home)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert make_token(server, browser) == 401
    assert sign_in(server, requests.Session(), fresh).status_code == 200


def test_the_password_and_the_tokens_are_on_disk_as_hashes_only(launch) -> None:
    server = launch()
    agent = server.enroll()
    browser = requests.Session()
    csrf = sign_in(server, browser).json()["csrf"]
    assert csrf
    secrets = [server.password, agent.headers["Authorization"].partition(".")[2], browser.cookies[COOKIE]]
    server.stop()
    stored = b"".join(path.read_bytes() for path in server.home.glob("rootward.db*"))
    assert not [secret for secret in secrets if secret.encode() in stored]


def test_the_operators_token_can_be_read_by_its_owner_only(server) -> None:
    assert (server.home / "operator.token").stat().st_mode & 0o777 == 0o600
    assert server.home.stat().st_mode & 0o777 == 0o700
