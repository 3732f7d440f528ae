"""The flight recorder's text reaches whoever works on the ticket, and does nothing there but be read."""

from __future__ import annotations

import gzip
import time

import pytest
import requests

from server.storage.snapshots import PER_HOST
from wire.codec import encode
from wire.exchange import MAX_SNAPSHOT, Snapshot
from wire.judgement import Reason, Verdict

HOSTILE = "</pre><script>alert(1)</script>\x1b[31m\u202e\nsecond line"
GZIP = {"Content-Encoding": "gzip"}


def snapshot(agent, text="nginx 1 S") -> bytes:
    return encode(Snapshot(agent=agent.id, at=time.time(), sections={"processes": text}))


def send(agent, body, **headers) -> requests.Response:
    return agent.server.post("/api/v1/snapshots", data=body, headers={**agent.headers, **headers})


@pytest.fixture(scope="module")
def opened(server):
    """(agent, number of the ticket of its stopped service)"""
    agent = server.enroll("web1")
    shop = "service:web1/shop"
    for verdict, reason in ((Verdict.PASS, Reason.OK), (Verdict.FAIL, Reason.STOPPED)):
        look = agent.look(shop, verdict, signal="svc.process", reason=reason, confirmed=True, round="r15")
        agent.send(agent.batch(look, heartbeat=agent.beat()))
    until = time.monotonic() + 200
    while time.monotonic() < until:
        if found := server.get("/api/v1/tickets").json():
            return agent, found[0]["id"]
        time.sleep(0.2)
    raise AssertionError("no ticket was opened")


def shown(server, number) -> list[dict]:
    return server.get(f"/api/v1/tickets/{number}/snapshots").json()


def test_a_snapshot_is_found_at_its_ticket(server, opened) -> None:
    agent, number = opened
    assert send(agent, snapshot(agent)).status_code == 204
    assert [(each["host"], each["sections"]) for each in shown(server, number)] == [
        ("web1", {"processes": "nginx 1 S"})
    ]


def test_it_may_be_gzipped(server, opened) -> None:
    agent, number = opened
    assert send(agent, gzip.compress(snapshot(agent, "packed")), **GZIP).status_code == 204
    assert shown(server, number)[-1]["sections"] == {"processes": "packed"}


def test_broken_gzip_is_refused(opened) -> None:
    agent, _ = opened
    assert send(agent, gzip.compress(snapshot(agent))[:-9], **GZIP).status_code == 400


def test_a_gzip_bomb_is_refused(opened) -> None:
    agent, _ = opened
    assert send(agent, gzip.compress(b" " * (64 * MAX_SNAPSHOT)), **GZIP).status_code == 413


@pytest.mark.parametrize(("token", "status"), [("", 401), ("of an operator", 403)])
def test_only_an_agent_s_gzip_is_unpacked(server, token, status) -> None:
    headers = {**GZIP, **(server.operator if token else {})}
    answer = server.post("/api/v1/snapshots", data=b"not gzip at all", headers=headers)
    assert answer.status_code == status


def test_the_page_of_the_ticket_leads_to_inert_text(server, opened) -> None:
    agent, number = opened
    send(agent, snapshot(agent, HOSTILE))
    reader = requests.Session()
    signed = reader.post(
        f"{server.url}/api/v1/sign-in", json={"name": "admin", "password": server.password}, timeout=60
    )
    assert signed.status_code == 200
    assert f'"/tickets/{number}/snapshots"' in reader.get(f"{server.url}/tickets/{number}", timeout=60).text
    text = reader.get(f"{server.url}/tickets/{number}/snapshots", timeout=60).text
    assert "&lt;/pre&gt;&lt;script&gt;alert(1)" in text
    assert "\nsecond line" in text
    assert not {"<script", "\x1b", "\u202e"} & {
        each for each in ("<script", "\x1b", "\u202e") if each in text
    }


def test_another_host_s_snapshots_are_not_shown(server, opened) -> None:
    _, number = opened
    other = server.enroll("web2")
    assert send(other, snapshot(other, "elsewhere")).status_code == 204
    assert {each["host"] for each in shown(server, number)} == {"web1"}


def test_a_ticket_that_is_not_has_none(server) -> None:
    assert server.get("/api/v1/tickets/99999/snapshots").status_code == 404


def test_only_the_newest_few_of_a_host_are_kept(server, opened) -> None:
    agent, number = opened
    for count in range(PER_HOST + 3):
        send(agent, snapshot(agent, f"number {count}"))
    kept = [each["sections"]["processes"] for each in shown(server, number)]
    assert kept == [f"number {count}" for count in range(3, PER_HOST + 3)]
