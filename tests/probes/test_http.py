"""Answers of nginx, and of servers that behave worse than any real one."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from probes.web import http
from wire.judgement import Reason, Verdict
from wire.target import HttpTarget


@pytest.fixture
def site(nginx, free_port):
    """A server with a page for each case. Gives its address."""
    pages = (
        'location = / { return 200 "all is well\n"; }',
        "location = /moved { return 302 http://elsewhere.lab/; }",
        "location = /bug { return 500; }",
        "location = /backend { proxy_pass http://127.0.0.1:1; }",
        'location = /secret { return 401 "who?"; }',
    )
    nginx(f"server {{ listen 127.0.0.1:{free_port}; {' '.join(pages)} }}", free_port)
    return f"http://127.0.0.1:{free_port}"


@pytest.fixture
def answering() -> Iterator:
    """A server that gives these bytes to whoever asks, then closes. Gives its address."""
    ends = []

    def start(*parts: bytes, reset: bool = False, hold: bool = False) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        over = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                for part in parts:
                    connection.sendall(part)
                if hold:
                    over.wait(20)
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        thread = threading.Thread(target=serve)
        thread.start()
        ends.append((server, over, thread))
        return f"http://127.0.0.1:{server.getsockname()[1]}/"

    yield start
    for server, over, thread in ends:
        over.set()
        thread.join()
        server.close()


def test_a_page_passes_with_every_phase_timed(site, ask):
    judged = ask(http, HttpTarget(f"{site}/", body="all is well"))
    assert judged.verdict is Verdict.PASS
    assert {"resolve_ms", "connect_ms", "request_ms", "body_ms"} <= judged.evidence.keys()
    assert judged.subject == f"endpoint:{site}"


def test_a_redirect_elsewhere_is_an_answer_and_is_not_followed(site, ask):
    judged = ask(http, HttpTarget(f"{site}/moved"))
    assert (judged.verdict, judged.evidence["status"]) == (Verdict.PASS, 302)


def test_an_error_of_the_server_is_status_and_not_a_gateways(site, ask):
    judged = ask(http, HttpTarget(f"{site}/bug"))
    assert (judged.reason, judged.evidence["status"]) == (Reason.STATUS, 500)


def test_a_dead_backend_is_told_from_an_own_error(site, ask):
    judged = ask(http, HttpTarget(f"{site}/backend"))
    assert (judged.reason, judged.evidence["status"]) == (Reason.GATEWAY, 502)


def test_a_redirect_to_the_wanted_place_passes(site, ask):
    assert ask(http, HttpTarget(f"{site}/moved", redirect="http://elsewhere.lab/")).verdict is Verdict.PASS


def test_a_redirect_astray_is_wrong_and_says_where_to(site, ask):
    judged = ask(http, HttpTarget(f"{site}/moved", redirect="https://shop.lab/"))
    assert (judged.reason, judged.evidence["location"]) == (Reason.WRONG, "http://elsewhere.lab/")


def test_a_page_that_does_not_redirect_where_it_should_is_wrong(site, ask):
    assert ask(http, HttpTarget(f"{site}/", redirect="https://")).reason is Reason.WRONG


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        ("content-type: text/plain", Verdict.PASS),
        ("Server:", Verdict.PASS),
        ("content-type: application/json", Verdict.FAIL),
        ("strict-transport-security:", Verdict.FAIL),
    ],
)
def test_wanted_headers_are_looked_for(site, ask, header, verdict):
    assert ask(http, HttpTarget(f"{site}/", headers=(header,))).verdict is verdict


def test_refused_credentials_are_auth(site, ask):
    assert ask(http, HttpTarget(f"{site}/secret")).reason is Reason.AUTH


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, Reason.WRONG),
        (403, Reason.WRONG),
        (404, Reason.WRONG),
        (407, Reason.AUTH),
        (429, Reason.STATUS),
        (500, Reason.STATUS),
    ],
)
def test_a_page_that_is_refused_is_another_thing_than_an_error(ask, answering, status, reason):
    url = answering(f"HTTP/1.1 {status} no\r\nContent-Length: 0\r\n\r\n".encode())
    assert ask(http, HttpTarget(url)).reason is reason


def test_a_status_that_was_asked_for_passes(site, ask):
    assert ask(http, HttpTarget(f"{site}/secret", status=(401,))).verdict is Verdict.PASS


def test_a_page_without_the_wanted_text_is_body(site, ask):
    assert ask(http, HttpTarget(f"{site}/", body="sold out")).reason is Reason.BODY


def test_credentials_are_sent_and_never_shown(ask, answering):
    url = answering(b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n").replace("//", "//ann:hunter2@")
    judged = ask(http, HttpTarget(url))
    assert judged.reason is Reason.STATUS
    assert "hunter2" not in repr(judged)


def test_no_answer_to_the_request_is_a_request_timeout(ask, answering):
    assert ask(http, HttpTarget(answering(hold=True))).reason is Reason.REQUEST_TIMEOUT


def test_a_body_that_never_ends_is_a_request_timeout(ask, answering):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    assert ask(http, HttpTarget(answering(head, hold=True))).reason is Reason.REQUEST_TIMEOUT


def test_a_late_answer_is_slow(site, ask):
    judged = ask(http, HttpTarget(f"{site}/", slow_after=1e-6))
    assert (judged.verdict, judged.reason) == (Verdict.WARN, Reason.SLOW)


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_closed_before_the_answer_is_reset(ask, answering, reset):
    assert ask(http, HttpTarget(answering(reset=reset))).reason is Reason.RESET


@pytest.mark.parametrize(
    "rubbish", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00\xff\r\n\r\n", b"x" * 200_000]
)
def test_what_is_not_http_is_status(ask, answering, rubbish):
    judged = ask(http, HttpTarget(answering(rubbish, hold=True)))
    assert judged.reason is Reason.STATUS


def test_a_chunked_body_is_read(ask, answering):
    url = answering(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nwell \r\n4\r\ndone\r\n0\r\n\r\n"
    )
    assert ask(http, HttpTarget(url, body="well done")).verdict is Verdict.PASS


def test_a_bad_chunk_is_body(ask, answering):
    url = answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", hold=True)
    assert ask(http, HttpTarget(url)).reason is Reason.BODY


def test_an_endless_body_is_read_up_to_its_bound(ask, answering):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"
    assert ask(http, HttpTarget(answering(head, b"y" * 100_000, hold=True))).verdict is Verdict.PASS


def test_a_closed_port_is_refused(ask, free_port):
    assert ask(http, HttpTarget(f"http://127.0.0.1:{free_port}/")).reason is Reason.REFUSED


def test_an_expired_certificate_is_the_failing_step(authority, nginx, ask, free_port):
    pem = authority.leaf("web-expired", "IP:127.0.0.1", 30, "2020-01-01")
    nginx(
        f"server {{ listen 127.0.0.1:{free_port} ssl; ssl_certificate {pem}; ssl_certificate_key {pem}; }}",
        free_port,
    )
    judged = ask(http, HttpTarget(f"https://127.0.0.1:{free_port}/", ca_file=str(authority.certificate)))
    assert judged.reason is Reason.TLS_EXPIRED


def test_https_passes_with_the_days_its_certificate_has(authority, nginx, ask, free_port):
    pem = authority.leaf("web", "IP:127.0.0.1", 90, "1 day ago")
    nginx(
        f"server {{ listen 127.0.0.1:{free_port} ssl; ssl_certificate {pem}; ssl_certificate_key {pem};"
        ' location / { return 200 "ok"; } }',
        free_port,
    )
    judged = ask(http, HttpTarget(f"https://127.0.0.1:{free_port}/", ca_file=str(authority.certificate)))
    assert judged.verdict is Verdict.PASS
    assert judged.evidence["days_left"] > 80
