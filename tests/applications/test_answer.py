"""How it is told that an application which answered no longer does so: by real servers, and by sockets."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from collectors.applications import redis
from collectors.clients import answer, web
from collectors.host import Host
from tests.applications.conftest import free_port, look, needs
from wire.judgement import Reason, Verdict

SUBJECT = "service:box/shop"


def ask(host: Host, port: int) -> tuple[Verdict, Reason]:
    """One page of the service on this port."""
    judgement = answer.asked(host, SUBJECT, lambda: web.fetch(("127.0.0.1", port), "/"))[1]
    return judgement.verdict, judgement.reason


@contextmanager
def answers(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that gives each connection to ``serve`` and closes it."""
    with socket.create_server(("127.0.0.1", free_port())) as door:

        def work() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = door.accept()
                    with peer:
                        serve(peer)

        thread = Thread(target=work, daemon=True)
        thread.start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)
        thread.join(60)


def well(peer: socket.socket) -> None:
    peer.recv(4096)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def rubbish(peer: socket.socket) -> None:
    peer.recv(4096)
    peer.sendall(b"\0\1\2 no words of a web server\r\n\r\n")


def nothing(peer: socket.socket) -> None:
    peer.recv(4096)


@pytest.fixture
def known(box: Host) -> Host:
    """A host whose service has answered us before."""
    with answers(well) as port:
        assert ask(box, port) == (Verdict.PASS, Reason.OK)
    return box


@pytest.mark.parametrize(("serve", "reason"), [(rubbish, Reason.BODY), (nothing, Reason.RESET)])
def test_one_that_answered_and_now_says_something_else_or_nothing_fails(known, serve, reason):
    with answers(serve) as port:
        assert ask(known, port) == (Verdict.FAIL, reason)


def test_one_that_answered_and_now_has_closed_its_port_refuses(known):
    assert ask(known, free_port()) == (Verdict.FAIL, Reason.REFUSED)


def test_one_that_never_answered_may_be_meant_so(box):
    with answers(rubbish) as port:
        assert ask(box, port) == (Verdict.UNKNOWN, Reason.NOT_SUPPORTED)


def test_an_answer_that_takes_long_is_slow(box, monkeypatch):
    monkeypatch.setattr(answer, "SLOW", 0.0)
    with answers(well) as port:
        assert ask(box, port)[1] is Reason.SLOW


def test_a_server_that_was_stopped_by_a_signal_lets_us_wait(launch, box):
    port = free_port()
    child = launch(needs("redis-server"), "--port", str(port), "--save", "", port=port)
    assert look(redis, box, port)["app.answer"].verdict is Verdict.PASS
    child.send_signal(signal.SIGSTOP)
    try:
        found = look(redis, box, port)["app.answer"]
    finally:
        child.send_signal(signal.SIGCONT)
    assert (found.verdict, found.reason) == (Verdict.FAIL, Reason.REQUEST_TIMEOUT)


def test_a_server_that_will_not_tell_is_told_by_its_own_words(launch, box):
    port = free_port()
    settings = ("--save", "", "--rename-command", "INFO", "hidden")
    launch(needs("redis-server"), "--port", str(port), *settings, port=port)
    found = look(redis, box, port)["app.answer"]
    assert found.reason is Reason.STATUS
    assert "unknown command" in str(found.evidence["error"])
