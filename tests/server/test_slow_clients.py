"""A caller who takes for ever is hung up on; one who is only slow is not. Over real sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn

from server.patience import BODY_SECONDS, HEAD_SECONDS, PatientProtocol

SECONDS = 0.6
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"


class Hasty(PatientProtocol):
    """The server's, with times that a test can wait for."""

    head_seconds = SECONDS
    body_seconds = SECONDS


async def application(scope, receive, send) -> None:
    """Answers when the body is whole."""
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    if message["type"] == "http.request":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, http=Hasty, log_config=None, lifespan="off", timeout_keep_alive=60)
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()[1]
    serving.should_exit = True
    thread.join(100)
    listening.close()


@pytest.fixture
def connect(port: int) -> Iterator[Callable[[], socket.socket]]:
    with contextlib.ExitStack() as open_ones:
        yield lambda: open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=100))


def is_hung_up(connection: socket.socket) -> bool:
    """Waits for the end of the connection; an answer is not its end."""
    try:
        return connection.recv(4096) == b""
    except ConnectionResetError:
        return True


def answered(connection: socket.socket, *pieces: bytes) -> bool:
    """Whether a request that comes in these pieces, each late, but in time, is answered."""
    try:
        for piece in pieces:
            time.sleep(SECONDS * 0.4)
            connection.sendall(piece)
        return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except (BrokenPipeError, ConnectionResetError):
        return False


def drip(connection: socket.socket) -> None:
    for _ in range(200):
        connection.sendall(b"X")
        time.sleep(0.05)


@pytest.mark.parametrize("begun", [b"", b"POST / HT", HEAD, HEAD + b"\r\n12"])
def test_who_stops_in_the_middle_is_hung_up_on(connect, begun) -> None:
    connection = connect()
    connection.sendall(begun)
    assert is_hung_up(connection)


def test_dripping_bytes_does_not_buy_time(connect) -> None:
    connection = connect()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        drip(connection)


def test_the_second_request_is_timed_like_the_first(connect) -> None:
    connection = connect()
    connection.sendall(HEAD + b"\r\n1234")
    assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    connection.sendall(HEAD)
    assert is_hung_up(connection)


def test_silence_between_requests_is_no_slowness(connect) -> None:
    connection = connect()
    for _ in range(2):
        connection.sendall(HEAD + b"\r\n1234")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        time.sleep(2 * SECONDS)


def test_head_and_body_each_have_their_time(connect) -> None:
    # On a busy machine a pause may become too long, hence several tries.
    assert any(answered(connect(), HEAD, b"\r\n12", b"34") for _ in range(20))


def test_the_server_itself_hangs_up(server) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=3 * HEAD_SECONDS) as connection:
        connection.sendall(HEAD)
        assert is_hung_up(connection)
    assert BODY_SECONDS > HEAD_SECONDS
