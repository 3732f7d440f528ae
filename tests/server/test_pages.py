"""The pages as a person meets them, in a real browser, with scripts switched off."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, sync_playwright

from rules.report.words import words as report_words
from server.web.words import words
from tests.server.conftest import ServerProcess
from wire.judgement import Reason, Verdict

CHROMIUM = "/usr/bin/chromium"
HOSTS = itertools.count(1)
PATIENCE = 100
HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=flags)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE * 1000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/")
    page.fill("#password", server.password)
    page.click("button.primary")
    page.wait_for_url(f"{server.url}/")


def break_a_service(server: ServerProcess) -> str:
    """A service of a host stops; the number of its ticket."""
    host = f"web{next(HOSTS)}"
    agent = server.enroll(host)
    look = {
        "subject": f"service:{host}/shop",
        "confirmed": True,
        "round": "2.0",
        "evidence": {"line": HOSTILE},
    }
    agent.send(
        agent.batch(agent.look(verdict=Verdict.PASS, signal="svc.process", **look), heartbeat=agent.beat())
    )
    for signal, reason in (("svc.process", Reason.STOPPED), ("svc.port", Reason.REFUSED)):
        failed = agent.look(verdict=Verdict.FAIL, signal=signal, reason=reason, **look)
        agent.send(agent.batch(failed, heartbeat=agent.beat()))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for ticket in server.get("/api/v1/tickets").json():
            if ticket["entity"] == f"service:{host}/shop":
                return str(ticket["id"])
        time.sleep(0.2)
    raise AssertionError("no ticket was opened")


def test_a_stranger_is_sent_to_the_sign_in_page(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/hosts")
    assert "/sign-in" in page.url
    assert page.locator("#password").is_visible()


def test_a_wrong_password_is_told_and_lets_nobody_in(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/")
    page.fill("#password", "wrong")
    page.click("button.primary")
    assert page.locator("[role=alert]").inner_text() == words("en")["wrong_password"]
    page.goto(f"{server.url}/")
    assert "/sign-in" in page.url


def test_after_signing_in_the_page_that_was_asked_for_is_shown(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/hosts")
    page.fill("#password", server.password)
    page.click("button.primary")
    page.wait_for_url(f"{server.url}/hosts")
    assert page.locator("#password").count() == 0


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example"]
)
def test_signing_in_never_leads_to_another_site(server: ServerProcess, target: str) -> None:
    answer = requests.post(
        f"{server.url}/sign-in",
        params={"next": target},
        data={"name": "admin", "password": server.password},
        allow_redirects=False,
        timeout=100,
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_a_ticket_shows_its_report_and_hostile_evidence_as_text(page: Page, server: ServerProcess) -> None:
    number = break_a_service(server)
    sign_in(page, server)
    page.click(f"a[href='/tickets/{number}'] >> nth=0")
    page.wait_for_url(f"{server.url}/tickets/{number}")
    assert "/shop" in page.locator("h1").inner_text()
    assert page.locator("img").count() == 0
    assert "onerror" in page.locator("article.report").inner_text()


def test_the_pages_speak_chinese_when_asked(page: Page, server: ServerProcess) -> None:
    number = break_a_service(server)
    sign_in(page, server)
    page.goto(f"{server.url}/tickets/{number}?lang=zh")
    assert report_words("zh").root in page.locator("article.report").inner_text()
    page.goto(f"{server.url}/")
    assert page.locator("h1").inner_text() == words("zh")["open_tickets"]


def test_taking_a_ticket_assigns_it(page: Page, server: ServerProcess) -> None:
    number = break_a_service(server)
    sign_in(page, server)
    page.goto(f"{server.url}/tickets/{number}")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.click("button[value=assign]")
    ticket = server.get(f"/api/v1/tickets/{number}").json()
    assert (ticket["status"], ticket["assignee"]) == ("assigned", "admin")


def test_an_action_that_is_refused_says_why(page: Page, server: ServerProcess) -> None:
    number = break_a_service(server)
    sign_in(page, server)
    page.goto(f"{server.url}/tickets/{number}")
    page.click("button[value=resolve]")
    assert "reason" in page.locator("[role=alert]").inner_text()


def test_a_form_without_the_pages_token_is_refused(server: ServerProcess) -> None:
    session = requests.Session()
    session.post(
        f"{server.url}/sign-in", data={"name": "admin", "password": server.password}, timeout=30
    ).raise_for_status()
    assert session.post(f"{server.url}/tickets/1", data={"action": "note"}, timeout=100).status_code == 403


def test_both_languages_have_the_same_words() -> None:
    assert set(words("en")) == set(words("zh"))


def test_pages_and_reports_call_a_grade_the_same() -> None:
    for language in ("en", "zh"):
        grades = report_words(language).grade
        assert {name: words(language)["words"][name] for name in grades} == grades
