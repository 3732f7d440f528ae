"""HAProxy in its good and its bad states, asked over its statistics socket."""

from __future__ import annotations

import contextlib
import socket
import urllib.error
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.applications import haproxy
from collectors.clients import csv_stats
from tests.applications.conftest import free_port, look, needs, troubles, wait_for
from wire.judgement import Reason, Verdict


@pytest.fixture
def proxy(launch, tmp_path, web):
    """One backend with the given servers."""

    def start(
        servers: str,
        settings: str = "",
        stats: str = "stats socket {folder}/admin.sock mode 600",
        front: str = "",
    ) -> int:
        port = free_port()
        file = tmp_path / "haproxy.cfg"
        file.write_text(
            f"global\n  {stats.format(folder=tmp_path)}\n"
            "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n"
            f"frontend web\n  bind 127.0.0.1:{port}\n  {front}\n  default_backend shop\n"
            f"backend shop\n  {settings}\n{servers.format(web=web.port, gone=free_port())}\n"
        )
        launch(needs("haproxy"), "-db", "-f", str(file), port=port)
        return port

    return start


GOOD = "  server one 127.0.0.1:{web} check inter 100ms"
BAD = "  server two 127.0.0.1:{gone} check inter 100ms fall 1"


def until(box, port: int, reason: Reason) -> dict:
    """Health checks take their time."""
    found: dict = {}

    def there() -> bool:
        found.update(look(haproxy, box, port))
        return found["proxy.backend"].reason is reason

    wait_for(there, reason)
    return found


def test_a_well_one_is_silent(proxy, box):
    found = look(haproxy, box, proxy(GOOD))
    assert troubles(found) == {}
    assert {"app.answer", "proxy.backend", "proxy.queue", "app.capacity"} <= found.keys()


def test_one_server_of_two_down_warns_and_names_it(proxy, box):
    found = until(box, proxy(f"{GOOD}\n{BAD}"), Reason.HIGH)["proxy.backend"]
    assert (found.verdict, str(found.evidence["down"]).split(" ")[0]) == (Verdict.WARN, "shop/two")


def test_a_backend_without_a_server_fails(proxy, box):
    found = until(box, proxy(BAD), Reason.STOPPED)["proxy.backend"]
    assert found.evidence["without_server"] == "shop"


def test_a_server_taken_out_on_purpose_is_silent(proxy, box, tmp_path):
    port = proxy(f"{GOOD}\n{BAD} disabled")
    assert troubles(look(haproxy, box, port)) == {}


def test_errors_of_a_backend_are_a_share_of_its_answers(proxy, box, web):
    port = proxy(GOOD)
    web.answers["/"] = (500, b"")
    look(haproxy, box, port)
    for _ in range(20):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60)
    assert troubles(look(haproxy, box, port))["app.errors"] is Reason.ERRORS


def test_a_frontend_at_its_limit_is_told(proxy, box):
    port = proxy(GOOD, front="maxconn 2")
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    try:
        wait_for(lambda: troubles(look(haproxy, box, port)).get("app.capacity") is Reason.EXHAUSTED, "full")
    finally:
        for sock in held:
            sock.close()


def test_without_a_statistics_socket_nothing_is_known_and_the_grant_is_said(proxy, box):
    answer = look(haproxy, box, proxy(GOOD, stats="maxconn 100"))["app.answer"]
    assert (answer.verdict, answer.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)
    assert "stats socket" in str(answer.evidence["grant"])


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_statistics(data):
    for content in (data, b"# pxname,svname,qcur\n" + data):
        with contextlib.suppress(ValueError):
            list(csv_stats.parse(content))
