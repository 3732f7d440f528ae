"""Tickets, reports, hosts and declarations over HTTP, on a real server process."""

from __future__ import annotations

import time

import pytest

from wire.inventory import Inventory, Listener, Nic
from wire.judgement import Reason, Verdict

NGINX = "service:web1/nginx"
PATIENCE = 200


@pytest.fixture(scope="module")
def web1(server):
    agent = server.enroll("web1")
    inventory = Inventory(
        host="web1",
        nics=(Nic(name="eth0", addresses=("10.0.0.1/24",)),),
        listeners=(Listener(service="nginx", port=80, address="0.0.0.0"),),
    )
    agent.send(
        agent.batch(
            agent.look(NGINX, signal="svc.process", round="r15"),
            agent.look(NGINX, signal="svc.port", round="r15"),
            heartbeat=agent.beat(rounds={"r15": time.time()}),
            inventory=inventory,
        )
    )
    return agent


def say(agent, verdict, process, port):
    looks = [
        agent.look(NGINX, verdict, signal="svc.process", reason=process, round="r15", confirmed=True),
        agent.look(NGINX, verdict, signal="svc.port", reason=port, round="r15", confirmed=True),
    ]
    agent.send(agent.batch(*looks, heartbeat=agent.beat(rounds={"r15": time.time()})))


def wait_for(server, wanted, path="/api/v1/tickets"):
    """The first answer that is as wanted."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = server.get(path).json()
        if wanted(answer):
            return answer
        time.sleep(0.2)
    raise AssertionError(answer)


@pytest.fixture(scope="module")
def ticket(server, web1):
    say(web1, Verdict.FAIL, Reason.STOPPED, Reason.REFUSED)
    return wait_for(server, bool)[0]


def test_a_stopped_service_is_listed_with_all_that_programs_need(ticket):
    assert (ticket["fault"], ticket["entity"]) == ("svc.process.down", NGINX)
    assert ticket["domain"] == "software"
    assert ticket["hosts"] == ["web1"]
    assert ticket["diagnosis"]["hypotheses"][0]["fault"] == "svc.process.down"
    assert ticket["resolved_at"] is None
    assert {"id", "status", "title", "type", "impact", "urgency", "priority", "team"} <= set(ticket)


def test_one_ticket_comes_with_its_events_and_observations(server, ticket):
    whole = server.get(f"/api/v1/tickets/{ticket['id']}").json()
    assert whole["events"][0]["what"] == "opened"
    assert {each["signal"] for each in whole["observations"]} >= {"svc.process", "svc.port"}
    assert "assign" in whole["actions"]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("form", ["md", "html", "json"])
def test_the_report_comes_in_every_form_and_language(server, ticket, form, lang):
    answer = server.get(f"/api/v1/tickets/{ticket['id']}/report?format={form}&lang={lang}")
    assert answer.status_code == 200
    assert "web1#" in answer.text.replace("\\", "")


def test_every_claim_of_the_report_cites_an_observation_that_is_kept(server, ticket):
    whole = server.get(f"/api/v1/tickets/{ticket['id']}").json()
    kept = {each["id"] for each in whole["observations"]}
    assert set(whole["diagnosis"]["hypotheses"][0]["supported_by"]) <= kept


def test_a_ticket_that_is_not_there_is_404(server):
    assert server.get("/api/v1/tickets/999999").status_code == 404
    assert server.get("/api/v1/tickets/999999/report").status_code == 404


def test_an_action_that_the_state_forbids_says_why(server, ticket):
    answer = server.post(f"/api/v1/tickets/{ticket['id']}/close", json={})
    assert answer.status_code == 400
    assert "cannot become closed" in answer.json()["detail"]


def test_a_grade_given_by_a_person_changes_the_priority(server, ticket):
    answer = server.post(
        f"/api/v1/tickets/{ticket['id']}/grade", json={"impact": "enterprise", "urgency": "high"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["priority"] == "urgent"


def test_hosts_are_listed_with_what_fails(server, ticket):
    (host,) = [each for each in server.get("/api/v1/hosts").json() if each["host"] == "web1"]
    assert host["state"] == "alive"
    assert host["failing"] == 2


def test_a_site_is_declared_and_read_back(server):
    site = {"switch": [{"name": "sw1", "ports": ["web1/eth0"], "uplinks": []}]}
    assert server.post("/api/v1/site", json=site).status_code == 200
    assert server.get("/api/v1/site").json()["switch"][0]["name"] == "sw1"


@pytest.mark.parametrize(
    ("site", "named"),
    [
        ({"switch": [{"name": "sw1", "ports": ["nothing"]}]}, "nothing"),
        ({"switch": [{"name": "sw1", "uplinks": ["sw1"]}]}, "sw1"),
        ({"dependency": [{"service": "a/shop", "on": "service:a/shop"}]}, "a/shop"),
        ({"group": [{"name": "pool", "members": ["service:a/shop"], "need": 2}]}, "pool"),
    ],
)
def test_a_wrong_site_is_refused_with_the_entry_named(server, site, named):
    before = server.get("/api/v1/site").json()
    answer = server.post("/api/v1/site", json=site)
    assert answer.status_code == 400
    assert named in answer.text
    assert server.get("/api/v1/site").json() == before


def test_a_window_is_planned_listed_and_cancelled(server):
    now = time.time()
    window = {"entity": "host:web9", "starts_at": now, "ends_at": now + 600, "why": "upgrade"}
    made = server.post("/api/v1/maintenance", json=window)
    assert made.status_code == 201, made.text
    assert [each["entity"] for each in server.get("/api/v1/maintenance").json()] == ["host:web9"]
    number = made.json()["id"]
    import requests

    gone = requests.delete(
        f"{server.url}/api/v1/maintenance/{number}", headers=server.operator, timeout=100, verify=server.ca
    )
    assert gone.status_code == 204
    assert server.get("/api/v1/maintenance").json() == []


def test_a_deployment_that_was_told_of_stands_in_the_report_of_a_later_fault_there(server, ticket):
    told = {"entity": "service:web1/nginx", "what": "release 4.2 <b>", "at": time.time() - 120}
    made = server.post("/api/v1/changes", json=told)
    assert made.status_code == 201, made.text
    elsewhere = {"entity": "host:nowhere", "what": "release 9"}
    assert server.post("/api/v1/changes", json=elsewhere).status_code == 201
    assert [each["what"] for each in server.get("/api/v1/changes").json()] == ["release 9", "release 4.2 <b>"]
    report = server.get(f"/api/v1/tickets/{ticket['id']}/report").text
    assert "service:web1/nginx: release 4.2" in report
    assert "<b>" not in report
    assert "release 9" not in report


@pytest.mark.parametrize("ago", [-3600, 40 * 86_400])
def test_a_change_to_come_or_long_ago_is_refused(server, ago):
    told = {"entity": "host:web1", "what": "release", "at": time.time() - ago}
    answer = server.post("/api/v1/changes", json=told)
    assert (answer.status_code, "at: " in answer.text) == (400, True)


@pytest.mark.parametrize(
    "path", ["/api/v1/tickets", "/api/v1/hosts", "/api/v1/site", "/api/v1/maintenance", "/api/v1/changes"]
)
def test_nothing_is_told_without_a_credential(server, path):
    assert server.get(path, headers={}).status_code == 401


def test_an_agent_may_not_read_tickets(server, web1):
    assert server.get("/api/v1/tickets", headers=web1.headers).status_code == 403


def test_killed_at_random_moments_the_server_neither_loses_nor_doubles_the_ticket(server, web1, ticket):
    for pause in (0.0, 0.3, 1.1):
        time.sleep(pause)
        server.kill()
        server.start()
    assert [each["id"] for each in server.get("/api/v1/tickets").json()] == [ticket["id"]]
    say(web1, Verdict.PASS, Reason.OK, Reason.OK)
    (done,) = wait_for(server, lambda found: found[0]["status"] == "resolved")
    assert done["status_reason"] == "proved"
