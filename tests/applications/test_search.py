"""Elasticsearch is not packaged: answers of its shape from a real HTTP server."""

from __future__ import annotations

import json

import pytest

from collectors.applications import search
from collectors.clients.answer import NotPermitted, Refused
from collectors.clients.local import Local
from collectors.services.listening import Service
from tests.applications.conftest import by_signal, troubles
from wire.judgement import Reason

SUBJECT = "service:box/shop"


def local(web) -> Local:
    return Local(Service("shop", "", "", "java", 1, (1,), 0.0, True, False, ()), ("127.0.0.1", web.port))


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
