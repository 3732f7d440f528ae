"""Enrolment, batches, tasks, snapshots: the conversation with an agent, over real sockets."""

from __future__ import annotations

import gzip
import os
import threading
import time

import pytest
import requests

from tests.waiting import soon
from wire.codec import decode, encode, fingerprint
from wire.exchange import Ack, Digest, Snapshot
from wire.inventory import Inventory, Listener
from wire.judgement import Reason, Verdict
from wire.target import LocalTarget


def test_an_enrolled_agent_is_acknowledged_up_to_its_highest_sequence(agent) -> None:
    ack = agent.send(agent.batch(agent.look(), agent.look("gateway:10.0.0.1")))
    assert ack.applied == 2


def test_a_repeated_batch_changes_nothing_and_gets_the_same_acknowledgement(agent) -> None:
    batch = agent.batch(agent.look(), agent.look())
    assert agent.send(batch).applied == agent.send(batch).applied == 2


def test_a_gzipped_batch_is_taken(agent) -> None:
    answer = agent.send_raw(gzip.compress(encode(agent.batch(agent.look()))), **{"Content-Encoding": "gzip"})
    assert answer.json()["applied"] == 1


def test_the_right_digest_asks_for_nothing(agent) -> None:
    digest = Digest()
    digest.add("net.icmp", "gateway:10.0.0.1", Verdict.PASS, Reason.OK)
    ack = agent.send(agent.batch(agent.look("gateway:10.0.0.1"), heartbeat=agent.beat(str(digest))))
    assert not ack.resync


def test_another_digest_asks_for_the_whole_state(agent) -> None:
    assert agent.send(agent.batch(agent.look(), heartbeat=agent.beat("f" * 16))).resync


def test_a_whole_state_replaces_what_was_known(agent) -> None:
    agent.send(agent.batch(agent.look("gateway:10.0.0.1"), agent.look("gateway:10.0.0.2")))
    digest = Digest()
    digest.add("net.icmp", "gateway:10.0.0.3", Verdict.PASS, Reason.OK)
    whole = agent.batch(agent.look("gateway:10.0.0.3"), resync=True, heartbeat=agent.beat(str(digest)))
    assert not agent.send(whole).resync


def test_the_inventory_is_asked_for_until_it_is_there(agent) -> None:
    assert agent.send(agent.batch(heartbeat=agent.beat())).inventory
    inventory = Inventory(host=agent.host, kernel="6.1")
    agent.send(agent.batch(inventory=inventory))
    assert not agent.send(agent.batch(heartbeat=agent.beat(inventory=fingerprint(inventory)))).inventory


def test_a_token_works_once(server) -> None:
    token = server.post("/api/v1/tokens", json={}).json()["token"]
    first = server.post("/api/v1/enroll", json={"token": token, "host": "once1"}, headers={})
    second = server.post("/api/v1/enroll", json={"token": token, "host": "once2"}, headers={})
    assert (first.status_code, second.status_code) == (201, 401)


def test_a_token_of_another_host_is_refused_and_stays_good(server) -> None:
    token = server.post("/api/v1/tokens", json={"host": "mine"}).json()["token"]
    other = server.post("/api/v1/enroll", json={"token": token, "host": "theirs"}, headers={})
    right = server.post("/api/v1/enroll", json={"token": token, "host": "mine"}, headers={})
    assert (other.status_code, right.status_code) == (401, 201)


def test_a_token_grows_too_old(server) -> None:
    token = server.post("/api/v1/tokens", json={"ttl": 1}).json()["token"]
    time.sleep(1.1)
    answer = server.post("/api/v1/enroll", json={"token": token, "host": "late"}, headers={})
    assert answer.status_code == 401


def test_a_token_for_any_host_does_not_replace_an_agent(server, agent) -> None:
    token = server.post("/api/v1/tokens", json={}).json()["token"]
    answer = server.post("/api/v1/enroll", json={"token": token, "host": agent.host}, headers={})
    assert answer.status_code == 401
    assert f"rootward server token --host {agent.host}" in answer.json()["detail"]


def test_a_token_for_this_host_replaces_its_agent(server, agent) -> None:
    renewed = server.enroll(agent.host)
    assert agent.send_raw(encode(agent.batch())).status_code == 401
    assert renewed.send(renewed.batch(renewed.look())).applied == renewed.start + 1


def test_a_revoked_agent_is_a_stranger(server, agent) -> None:
    url = f"{server.url}/api/v1/agents/{agent.id}"
    assert requests.delete(url, headers=server.operator, timeout=100).status_code == 204
    assert agent.send_raw(encode(agent.batch())).status_code == 401


def test_a_held_request_without_work_ends_in_time(server, agent) -> None:
    answer = server.get("/api/v1/tasks?wait=0.3", headers=agent.headers)
    assert (answer.status_code, answer.json().get("tasks", [])) == (200, [])


def test_a_newer_held_request_lets_the_older_go(server, agent) -> None:
    statuses: list[int] = []
    older = threading.Thread(
        target=lambda: statuses.append(server.get("/api/v1/tasks?wait=50", headers=agent.headers).status_code)
    )
    waiting = server.held()
    older.start()
    assert soon(lambda: server.held() > waiting)
    server.get("/api/v1/tasks?wait=0.2", headers=agent.headers)
    older.join(100)
    assert statuses == [200]


def test_a_task_reaches_the_host_through_its_held_request(server, agent) -> None:
    service = f"service:{agent.host}/nginx"
    inventory = Inventory(host=agent.host, listeners=(Listener(service="nginx", port=80),))
    first = agent.batch(
        agent.look(service, signal="svc.process"), inventory=inventory, heartbeat=agent.beat()
    )
    agent.send(first)
    answers: list[requests.Response] = []
    held = threading.Thread(
        target=lambda: answers.append(server.get("/api/v1/tasks?wait=50", headers=agent.headers))
    )
    waiting = server.held()
    held.start()
    assert soon(lambda: server.held() > waiting)
    stopped = agent.look(service, Verdict.FAIL, signal="svc.process", reason=Reason.STOPPED)
    at_once = agent.send(agent.batch(stopped))
    held.join(100)
    # whichever answer the server gives first takes the task along
    given = [*at_once.tasks, *decode(answers[0].content, Ack).tasks]
    assert LocalTarget(subject=service) in [task.target for task in given]


def test_a_snapshot_is_stored(server, agent) -> None:
    snapshot = Snapshot(agent=agent.id, at=time.time(), sections={"processes": "nginx 1 S"})
    answer = server.post("/api/v1/snapshots", data=encode(snapshot), headers=agent.headers)
    assert answer.status_code == 204


@pytest.mark.parametrize("size", [1024 * 1024 + 200_000, 3 * 1024 * 1024])
def test_a_snapshot_beyond_its_bound_is_refused(server, agent, size) -> None:
    text = os.urandom(size // 2).hex()
    sections = {str(at): text[at : at + 200_000] for at in range(0, len(text), 200_000)}
    snapshot = Snapshot(agent=agent.id, at=1.0, sections=sections)
    answer = server.post("/api/v1/snapshots", data=encode(snapshot), headers=agent.headers)
    assert answer.status_code == 413
