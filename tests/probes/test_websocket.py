"""WebSockets: websocketd is the real server."""

from __future__ import annotations

import shutil

import pytest

from probes.web import websocket
from wire.judgement import Reason, Verdict
from wire.target import WebSocketTarget


@pytest.fixture(params=["127.0.0.1", "[::1]"])
def echo(serve, free_port, request):
    """A server that gives back what it hears. Gives its address."""
    program = shutil.which("websocketd")
    if program is None:
        pytest.skip("websocketd is not installed")
    host = request.param
    serve(
        program, f"--address={host}", f"--port={free_port}", "cat", port=free_port, address=host.strip("[]")
    )
    return f"ws://{host}:{free_port}/"


def test_a_server_that_upgrades_passes(echo, ask):
    judged = ask(websocket, WebSocketTarget(echo))
    assert judged.verdict is Verdict.PASS
    assert {"resolve_ms", "connect_ms", "request_ms"} <= judged.evidence.keys()


def test_a_late_upgrade_is_slow(echo, ask):
    assert ask(websocket, WebSocketTarget(echo, slow_after=1e-6)).reason is Reason.SLOW


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("return 200 ok;", Reason.STATUS),
        ("return 401;", Reason.AUTH),
        ("return 404;", Reason.WRONG),
        ("proxy_pass http://127.0.0.1:1;", Reason.GATEWAY),
    ],
)
def test_a_web_server_that_does_not_upgrade_is_told(nginx, ask, free_port, page, reason):
    nginx(f"server {{ listen 127.0.0.1:{free_port}; location / {{ {page} }} }}", free_port)
    assert ask(websocket, WebSocketTarget(f"ws://127.0.0.1:{free_port}/")).reason is reason


def test_an_upgrade_by_rote_is_wrong(ask, speaking):
    said = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: nonsense\r\n\r\n"
    port = speaking(said, first=False)
    assert ask(websocket, WebSocketTarget(f"ws://127.0.0.1:{port}/")).reason is Reason.WRONG


def test_no_answer_is_a_request_timeout(ask, speaking):
    port = speaking(hold=True)
    assert ask(websocket, WebSocketTarget(f"ws://127.0.0.1:{port}/")).reason is Reason.REQUEST_TIMEOUT


def test_an_expired_certificate_is_the_failing_step(authority, nginx, ask, free_port):
    pem = authority.leaf("ws-expired", "IP:127.0.0.1", 30, "2020-01-01")
    pair = f"ssl_certificate {pem}; ssl_certificate_key {pem};"
    nginx(f"server {{ listen 127.0.0.1:{free_port} ssl; {pair} }}", free_port)
    target = WebSocketTarget(f"wss://127.0.0.1:{free_port}/", ca_file=str(authority.certificate))
    assert ask(websocket, target).reason is Reason.TLS_EXPIRED


def test_a_closed_port_is_refused(ask, free_port):
    judged = ask(websocket, WebSocketTarget(f"ws://127.0.0.1:{free_port}/live"))
    assert (judged.reason, judged.subject) == (Reason.REFUSED, f"endpoint:ws://127.0.0.1:{free_port}/live")


def test_an_expired_certificate_is_told_by_ipv6_too(authority, nginx, ask, free_port):
    pem = authority.leaf("ws-expired-6", "IP:::1", 30, "2020-01-01")
    pair = f"ssl_certificate {pem}; ssl_certificate_key {pem};"
    listen = f"listen 127.0.0.1:{free_port}; listen [::1]:{free_port} ssl;"
    nginx(f"server {{ {listen} {pair} }}", free_port)
    target = WebSocketTarget(f"wss://[::1]:{free_port}/", ca_file=str(authority.certificate))
    assert ask(websocket, target).reason is Reason.TLS_EXPIRED


@pytest.mark.root
@pytest.mark.parametrize(("host", "reason"), [("fd99::2", Reason.REFUSED), ("fd99::77", Reason.UNREACHABLE)])
def test_what_the_network_says_by_ipv6(lan, host, reason):
    (judged,) = lan.ask("websocket", WebSocketTarget(f"ws://[{host}]/live"))
    assert (judged.reason, judged.subject) == (reason, f"endpoint:ws://[{host}]/live")
