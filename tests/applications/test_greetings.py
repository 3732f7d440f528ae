"""First words of protocols whose servers are too heavy here: recorded answers over real sockets."""

from __future__ import annotations

import contextlib
import socket
import struct
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.clients import greetings, mongodb
from collectors.clients.answer import Refused
from collectors.clients.stream import Stream
from tests.applications.conftest import free_port
from wire.judgement import Reason


def speak(ask, answer: bytes, *, first: bool = False):
    """What the greeting makes of a server that says this, after it was spoken to unless it speaks first."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:

        def serve() -> None:
            sock, _ = server.accept()
            with sock:
                if not first:
                    sock.recv(1024)
                sock.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        try:
            with Stream(("127.0.0.1", port), 60.0) as stream:
                return ask(stream)
        finally:
            thread.join()


def kafka_answer(error: int) -> bytes:
    body = struct.pack("!ihi", 1, error, 1) + struct.pack("!hhh", 18, 0, 3)
    return struct.pack("!i", len(body)) + body


def test_a_kafka_broker_tells_its_versions():
    assert speak(greetings.kafka, kafka_answer(0)).text == "1 kinds of request"


def test_a_kafka_broker_that_answers_with_an_error_refuses():
    with pytest.raises(Refused):
        speak(greetings.kafka, kafka_answer(15))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"Zookeeper version: 3.8.0\nLatency min/avg/max: 0/0/0\nMode: follower\nNode count: 5\n", Reason.OK),
        (b"Zookeeper version: 3.8.0\nMode: standalone\nNode count: 5\n", None),
        (b"This ZooKeeper instance is not currently serving requests\n", Reason.STOPPED),
        (b"srvr is not executed because it is not in the whitelist.\n", None),
    ],
)
def test_a_zookeeper_tells_whether_its_ensemble_has_a_leader(answer, reason):
    assert speak(greetings.zookeeper, answer).cluster is reason


def test_a_nats_server_speaks_first():
    assert (
        speak(greetings.nats, b'INFO {"server_id":"x","version":"2.9.10"}\r\n', first=True).text
        == "version 2.9.10"
    )


def test_an_amqp_broker_starts_the_connection():
    assert speak(greetings.amqp, b"\x01\x00\x00\x00\x00\x01\xda\x00\x0a\x00\x0a\x00\x09").text == "AMQP 0-9-1"


def bson(fields: dict[str, str | bool | int]) -> bytes:
    body = b""
    for name, value in fields.items():
        key = name.encode() + b"\0"
        if isinstance(value, bool):
            body += b"\x08" + key + bytes([value])
        elif isinstance(value, int):
            body += b"\x10" + key + struct.pack("<i", value)
        else:
            body += b"\x02" + key + struct.pack("<i", len(value) + 1) + value.encode() + b"\0"
    body += b"\x04hosts\0" + struct.pack("<i", 5) + b"\0"
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def hello_answer(fields: dict[str, str | bool | int]) -> bytes:
    body = struct.pack("<I", 0) + b"\0" + bson(fields)
    return struct.pack("<iiii", len(body) + 16, 7, 1, mongodb.OP_MSG) + body


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"isWritablePrimary": True, "ok": 1}, None),
        ({"setName": "rs0", "isWritablePrimary": False, "secondary": True, "primary": "a:27017"}, Reason.OK),
        ({"setName": "rs0", "isWritablePrimary": False, "secondary": True}, Reason.STOPPED),
        (
            {"setName": "rs0", "isWritablePrimary": False, "secondary": False, "primary": "a:27017"},
            Reason.STOPPED,
        ),
    ],
)
def test_a_mongodb_tells_its_part_in_the_replica_set(fields, reason):
    assert speak(greetings.mongodb, hello_answer(fields)).cluster is reason


@pytest.mark.parametrize("ask", [one.ask for one in greetings.GREETINGS])
def test_what_speaks_another_protocol_is_none_of_them(ask):
    with pytest.raises((ValueError, EOFError, struct.error, OSError)):
        speak(ask, b"SSH-2.0-OpenSSH_9.2\r\n\r\n", first=True)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader_of_documents(data):
    with contextlib.suppress(ValueError, struct.error, IndexError):
        mongodb.flat(data)
