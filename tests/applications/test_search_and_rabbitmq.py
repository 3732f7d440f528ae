"""Elasticsearch and RabbitMQ are too heavy here: answers of their shape from a real HTTP server."""

from __future__ import annotations

import base64
import json

import pytest

from collectors.applications import rabbitmq, search
from collectors.clients.answer import NotPermitted, Refused
from collectors.clients.declared import Login
from collectors.clients.local import Local
from collectors.services.listening import Service
from tests.applications.conftest import by_signal, machine, troubles
from wire.judgement import Reason

SUBJECT = "service:box/shop"


def local(web) -> Local:
    return Local(Service("shop", "", "", "beam.smp", 1, (1,), 0.0, True, False, ()), ("127.0.0.1", web.port))


def health(**how) -> bytes:
    return json.dumps(
        {
            "cluster_name": "logs",
            "status": "green",
            "timed_out": False,
            "number_of_nodes": 3,
            "unassigned_shards": 0,
        }
        | how
    ).encode()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, {}),
        ({"status": "yellow", "unassigned_shards": 4}, {"app.cluster": Reason.HIGH}),
        ({"status": "yellow", "number_of_nodes": 1, "unassigned_shards": 4}, {}),
        (
            {"status": "red", "unassigned_shards": 9},
            {"app.cluster": Reason.STOPPED, "search.shards": Reason.MISSING},
        ),
    ],
)
def test_a_search_cluster_is_judged_by_its_colour_and_its_size(web, box, how, expected):
    web.answers[search.HEALTH] = (200, health(**how))
    found = search.judge(search._ask(box, local(web)), SUBJECT)
    assert troubles(by_signal(search, list(found))) == expected


def test_a_search_cluster_that_wants_a_login_says_so(web, box):
    web.answers[search.HEALTH] = (401, b"{}")
    with pytest.raises(NotPermitted):
        search._ask(box, local(web))


def test_one_that_answers_with_an_error_refuses(web, box):
    web.answers[search.HEALTH] = (503, b"{}")
    with pytest.raises(Refused):
        search._ask(box, local(web))


NODE = {"name": "rabbit@box", "running": True, "mem_alarm": False, "disk_free_alarm": False, "partitions": [],
        "fd_used": 50, "fd_total": 1000, "sockets_used": 4, "sockets_total": 900}  # fmt: skip
QUEUE = {
    "name": "orders",
    "vhost": "/",
    "messages": 5,
    "messages_ready": 5,
    "consumers": 2,
    "state": "running",
}


@pytest.fixture
def rabbit(web, tmp_path):
    """The collector's judgements of these nodes and queues, one look after the other."""
    secret = tmp_path / "secret"
    secret.write_text("hush")
    secret.chmod(0o600)
    host = machine(login=(Login(service="shop", user="rootward", secret_file=str(secret)),))

    def look(nodes, queues) -> dict[str, Reason]:
        web.answers[rabbitmq.NODES] = (200, json.dumps(nodes).encode())
        web.answers[rabbitmq.QUEUES] = (200, json.dumps(queues).encode())
        found = rabbitmq.judge(rabbitmq._ask(host, local(web)), host, SUBJECT)
        return troubles(by_signal(rabbitmq, list(found)))

    return look


def test_a_well_broker_is_silent_and_asked_with_the_declared_login(rabbit, web):
    assert rabbit([NODE], [QUEUE]) == {}
    assert web.seen[0]["Authorization"] == "Basic " + base64.b64encode(b"rootward:hush").decode()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"mem_alarm": True}, {"queue.alarm": Reason.FULL}),
        ({"disk_free_alarm": True}, {"queue.alarm": Reason.FULL}),
        ({"partitions": ["rabbit@other"]}, {"app.cluster": Reason.STOPPED}),
        ({"running": False}, {"app.cluster": Reason.ERRORS}),
        ({"fd_used": 950}, {"db.connections": Reason.HIGH}),
    ],
)
def test_trouble_of_a_node_is_named(rabbit, how, expected):
    assert rabbit([NODE | how], [QUEUE]) == expected


def test_a_queue_that_lost_its_consumers_is_told_and_one_that_never_had_any_is_not(rabbit):
    parked = {"name": "parked", "vhost": "/", "messages": 9, "messages_ready": 9, "consumers": 0}
    assert rabbit([NODE], [QUEUE, parked]) == {}
    assert rabbit([NODE], [QUEUE | {"consumers": 0}, parked]) == {"queue.consumers": Reason.MISSING}


def test_a_long_queue_that_grows_is_told(rabbit):
    assert rabbit([NODE], [QUEUE | {"messages_ready": 20_000}]) == {}
    assert rabbit([NODE], [QUEUE | {"messages_ready": 30_000}]) == {"queue.backlog": Reason.HIGH}
