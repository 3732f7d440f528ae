"""Bad input of every kind gets a 4xx that says what is wrong, and loses nothing else."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wire.codec import encode
from wire.exchange import MAX_BODY
from wire.inventory import Inventory

HOSTILE = [
    "<script>alert(1)</script>",
    "\x1b[2J\x1b]0;owned\x07",
    "'; DROP TABLE batch_log; --",
    "{{7*7}} ${jndi:ldap://x}",
    "\u202e\u2066 right to left",
    "\x00",
    "é" * 3000,
]


def body_of(agent, /, **changes) -> bytes:
    """A good batch of one observation, with fields of either changed."""
    batch = json.loads(encode(agent.batch(agent.look())))
    for name, value in changes.items():
        where, _, field = name.rpartition("__")
        (batch["observations"][0] if where == "seen" else batch)[field] = value
    return json.dumps(batch).encode()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seen__verdict": "fine"}, "$.observations[0]"),
        ({"seen__verdict": 7}, "verdict"),
        ({"seen__seq": 0}, "seq"),
        ({"seen__seq": 1.5}, "seq"),
        ({"seen__seq": 2**60}, "seq"),
        ({"seen__subject": "no colon"}, "subject"),
        ({"seen__subject": "host:\x1b[2J"}, "subject"),
        ({"seen__signal": "Bad Signal"}, "signal"),
        ({"seen__at": -1}, "at"),
        ({"seen__at": "now"}, "at"),
        ({"seen__at": 1e300}, "at"),
        ({"seen__value": [1]}, "value"),
        ({"seen__evidence": {"k": "x" * 5000}}, "evidence"),
        ({"seen__evidence": {str(number): 1 for number in range(99)}}, "evidence"),
        ({"seen__path": {"address": "10.0.0.1; rm -rf"}}, "address"),
        ({"seen__surprise": 1}, "surprise"),
        ({"sent_at": None}, "sent_at"),
        ({"surprise": 1}, "surprise"),
        ({"observations": {}}, "observations"),
        ({"heartbeat": {"digest": "0" * 99}}, "digest"),
        ({"heartbeat": {"digest": "0", "interval": 0}}, "interval"),
        ({"dropped": -1}, "dropped"),
    ],
)
def test_a_wrong_field_is_named(agent, changes, named) -> None:
    answer = agent.send_raw(body_of(agent, **changes))
    assert answer.status_code == 400
    assert named in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"NaN",
        b"\xff\xfe\x00",
        b"{}" * 2,
        b'{"agent": "\xff"}',
        b'{"agent": "\\ud800"}',
        b"[" * 100_000,
        b'{"observations":' * 50_000,
        b'{"evidence": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    ],
)
def test_what_is_no_batch_is_malformed(agent, body) -> None:
    assert agent.send_raw(body).status_code == 400


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"])
def test_numbers_without_bounds_are_refused(agent, number) -> None:
    body = body_of(agent, seen__value=0.125).replace(b"0.125", number)
    assert agent.send_raw(body).status_code == 400


def test_a_bad_observation_names_its_place_among_the_good(agent) -> None:
    batch = json.loads(encode(agent.batch(*[agent.look() for _ in range(5)])))
    batch["observations"][3]["verdict"] = "fine"
    answer = agent.send_raw(json.dumps(batch).encode())
    assert "$.observations[3]" in answer.json()["detail"]


def test_a_refused_batch_loses_nothing_of_others(agent) -> None:
    agent.send(agent.batch(agent.look()))
    agent.send_raw(body_of(agent, seen__verdict="fine"))
    assert agent.send(agent.batch()).applied == 1


def test_another_agents_identity_is_refused(server, agent) -> None:
    other = server.enroll(f"{agent.host}-other")
    answer = agent.send_raw(encode(other.batch(other.look())))
    assert (answer.status_code, answer.json()["detail"][:6]) == (403, "agent:")


def test_another_hosts_inventory_is_refused(agent) -> None:
    answer = agent.send_raw(encode(agent.batch(inventory=Inventory(host="someone-else"))))
    assert (answer.status_code, answer.json()["detail"][:15]) == (403, "inventory.host:")


@pytest.mark.parametrize(
    "bearer", ["", "Bearer", "Bearer x.y", "Basic YTpi", "Bearer " + "x" * 8000, "Bearer ."]
)
def test_a_batch_without_a_valid_credential_is_refused(agent, bearer) -> None:
    answer = agent.server.post(
        "/api/v1/batches", data=encode(agent.batch()), headers={"Authorization": bearer}
    )
    assert answer.status_code == 401


def test_an_operator_is_no_agent(server, agent) -> None:
    assert server.post("/api/v1/batches", data=encode(agent.batch())).status_code == 403


def test_a_body_that_is_too_large_is_refused(agent) -> None:
    assert agent.send_raw(b" " * (MAX_BODY + 1)).status_code == 413


def test_a_gzip_bomb_is_refused(agent) -> None:
    bomb = gzip.compress(b" " * 200_000_000)
    assert len(bomb) < MAX_BODY
    assert agent.send_raw(bomb, **{"Content-Encoding": "gzip"}).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"no gzip",
        gzip.compress(b"{}", mtime=0)[:-9],
        gzip.compress(b"{}", mtime=0) + b"more",
        zlib.compress(b"{}"),
        b"",
    ],
)
def test_broken_gzip_is_refused(agent, body) -> None:
    answer = agent.send_raw(body, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 400


def test_an_unknown_encoding_is_refused(agent) -> None:
    assert agent.send_raw(b"{}", **{"Content-Encoding": "br"}).status_code == 415


def test_other_methods_are_refused(server, agent) -> None:
    assert server.get("/api/v1/batches", headers=agent.headers).status_code == 405


@pytest.mark.parametrize("ahead", [10 * 365 * 86400.0, 3600.0, -3600.0, -40 * 365 * 86400.0])
def test_a_clock_far_off_is_taken_and_told_right(agent, ahead) -> None:
    there = time.time() + ahead
    ack = agent.send(agent.batch(agent.look(at=there, since=there - 5), sent_at=there))
    assert ack.applied == 1


def test_one_time_in_the_far_future_is_counted(server, agent) -> None:
    def clamped() -> float:
        lines = server.get("/metrics").text.splitlines()
        return next(
            float(line.split()[1]) for line in lines if line.startswith("rootward_ingest_clamped_total")
        )

    before = clamped()
    agent.send(agent.batch(agent.look(at=time.time() + 10**8)))
    assert clamped() == before + 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_stored_or_refused_but_never_breaks(agent, text) -> None:
    body = body_of(
        agent, seen__evidence={"line": text[:2000]}, seen__subject=f"service:{agent.host}/{text[:200]}"
    )
    assert agent.send_raw(body).status_code in {200, 400}


def test_a_batch_cut_short_by_its_sender_leaves_the_server_well(agent) -> None:
    host, _, port = agent.server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        head = (
            f"POST /api/v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: {agent.headers['Authorization']}\r\n"
        )
        connection.sendall(f"{head}Content-Length: 1000\r\n\r\n{{".encode())
    assert agent.send(agent.batch(agent.look())).applied == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "agent",
    "sent_at",
    "observations",
    "heartbeat",
    "inventory",
    "refusals",
    "resync",
    "dropped",
    "boot",
]
SEEN = ["seq", "signal", "subject", "verdict", "reason", "at", "since", "value", "evidence", "path", "round"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FIELDS + [f"seen__{name}" for name in SEEN]), JSON)
def test_any_value_in_any_field_is_taken_or_refused(agent, field, value) -> None:
    answer = agent.send_raw(body_of(agent, **{field: value}))
    assert answer.status_code in {200, 400, 403}, answer.text


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["", "gzip", "identity"]))
def test_any_bytes_are_refused(agent, body, encoding) -> None:
    answer = agent.send_raw(body, **{"Content-Encoding": encoding})
    assert answer.status_code in {400, 413}, answer.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
def test_any_flipped_byte_is_taken_or_refused(agent, place, byte) -> None:
    body = bytearray(body_of(agent))
    body[place % len(body)] = byte
    assert agent.send_raw(bytes(body)).status_code in {200, 400, 403}
