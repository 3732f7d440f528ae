"""Whatever answers in the server's place: it is no answer, and the agent says so and tries again."""

import socket
import threading

import pytest

from agent.sending import link
from agent.sending.link import Link, Rejected, Unreachable
from wire.exchange import Batch

BATCH = Batch(agent="a1", boot="b", sent_at=1.0, observations=())


@pytest.fixture
def answering():
    """A listener that gives each connection these bytes, one part after the other; returns its URL."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def start(parts, pause=0.0):
        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                for part in parts:
                    if stop.wait(pause):
                        return
                    try:
                        connection.sendall(part)
                    except OSError:
                        return

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    stop.set()
    listener.close()


def answer(status, body=b"", *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\x00\xff" * 400,
        b"220 mail.example ESMTP\r\n",
        answer("200 OK", b"<html>Please sign in to the hotel's network</html>"),
        answer("200 OK", b""),
        answer("200 OK", b"\xff" * 5_000, "Content-Encoding: gzip"),
        answer("200 OK", b'{"applied": NaN, "at": 1}'),
        answer("200 OK", b'{"applied": -1, "at": 1e400}'),
        answer("200 OK", b"[" * 100_000),
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        answer("302 Found", b"", "Location: http://169.254.169.254/"),
        answer("500 Internal Server Error", b"oops"),
        answer("429 Too Many Requests", b"slowly"),
        answer("999 What", b""),
    ],
    ids=lambda said: repr(said[:24]),
)
def test_garbage_is_no_answer(answering, said):
    with Link(answering([said])) as link, pytest.raises(Unreachable):
        link.send(BATCH)


def test_a_busy_server_says_when_to_come_again(answering):
    url = answering([answer("429 Too Many Requests", b"", "Retry-After: 7")])
    with Link(url) as link, pytest.raises(Unreachable) as told:
        link.send(BATCH)
    assert told.value.retry_after == 7.0


def test_an_answer_that_drips_is_given_up(answering, monkeypatch):
    monkeypatch.setattr(link, "ANSWER_SECONDS", 0.3)
    url = answering([b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", *[b" "] * 5_000], pause=0.01)
    with Link(url) as slow, pytest.raises(Unreachable):
        slow.send(BATCH)


def test_an_answer_without_an_end_is_cut(answering):
    endless = [b"HTTP/1.1 200 OK\r\n\r\n", *[b" " * 65_536] * 200]
    with Link(answering(endless)) as link, pytest.raises(Unreachable):
        link.send(BATCH)


def test_a_refusal_is_told_with_its_status(answering):
    with Link(answering([answer("413 Too Large", b"")])) as link, pytest.raises(Rejected) as told:
        link.send(BATCH)
    assert told.value.status == 413


def test_a_server_whose_name_is_gone_is_unreachable():
    with Link("https://no-such-server.invalid") as link, pytest.raises(Unreachable):
        link.send(BATCH)
