"""The message bus of this machine's kind, run for the test, and what comes over it."""

from __future__ import annotations

import select
import shutil
import socket
import subprocess

import pytest

from kernel.message_bus import BUS, LONGEST, PLACE, BusError, MessageBus
from tests.kernel.buses import message_bus

needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs the package dbus")


@pytest.fixture
def address(tmp_path):
    with message_bus(tmp_path) as path:
        yield path


def emit(path, member, argument):
    subprocess.run(
        [
            "dbus-send",
            f"--bus=unix:path={path}",
            "--type=signal",
            "/org/example",
            f"org.example.{member}",
            argument,
        ],
        check=True,
    )


def heard(bus):
    assert select.select([bus], [], [], 100)[0]
    own = "NameAcquired"  # that we are on the bus now
    return [(message.member, message.body) for message in bus.signals() if message.member != own]


@needs_bus
def test_the_bus_answers_a_call(address):
    with MessageBus(address) as bus:
        assert bus.call(BUS, PLACE, f"{BUS}.GetNameOwner", BUS).body == (BUS,)


@needs_bus
def test_what_the_bus_refuses_is_told_in_its_words(address):
    with MessageBus(address) as bus, pytest.raises(BusError, match=r"org\.nobody"):
        bus.call(BUS, PLACE, f"{BUS}.GetNameOwner", "org.nobody")


@needs_bus
@pytest.mark.parametrize(
    ("argument", "body"), [("boolean:true", (True,)), ("string:grün", ("grün",)), ("uint32:7", (7,))]
)
def test_a_signal_brings_its_argument(address, argument, body):
    with MessageBus(address) as bus:
        bus.call(BUS, PLACE, f"{BUS}.AddMatch", "type='signal',interface='org.example'")
        emit(address, "Said", argument)
        assert heard(bus) == [("Said", body)]


@needs_bus
def test_a_signal_of_somebody_else_is_not_heard(address):
    with MessageBus(address) as bus:
        bus.listen("org.freedesktop.login1", "org.example", "Said")
        bus.call(BUS, PLACE, f"{BUS}.AddMatch", "type='signal',interface='org.example',member='Last'")
        emit(address, "Said", "boolean:true")
        emit(address, "Last", "boolean:true")
        assert heard(bus) == [("Last", (True,))]


@needs_bus
def test_a_bus_that_ends_is_noticed(tmp_path):
    with message_bus(tmp_path) as path:
        bus = MessageBus(path)
    with bus, pytest.raises(BusError):
        list(bus.signals())


def test_no_bus_is_an_error_that_names_its_place(tmp_path):
    with pytest.raises(BusError, match="nowhere"):
        MessageBus(str(tmp_path / "nowhere"))


SIGNED_IN = b"OK 0123\r\nAGREE_UNIX_FD\r\n"


@pytest.mark.parametrize(
    "words",
    [
        b"REJECTED EXTERNAL\r\n",
        b"OK " + b"0" * 5000,
        SIGNED_IN + b"HTTP/1.1 400 Bad Request\r\n\r\n",
        SIGNED_IN + b"l\x02\0\x01" + (LONGEST).to_bytes(4, "little") + b"\x01\0\0\0\x08\0\0\0",
        SIGNED_IN + b"l\x02\0\x01\0\0\0\0\x01\0\0\0\x08\0\0\0" + b"\x05\x01u\0\x01",
        SIGNED_IN + b"l\x02\0\x01\0\0\0\0\x01\0\0\0\x08\0\0\0" + b"\x05\x02as\0\x01\0\0",
        SIGNED_IN + b"l\x02\0\x01\0\0\0\0\x01\0\0\0\x09\0\0\0" + b"\x03\x01s\0\xff\xff\xff\x7f\0" + bytes(7),
    ],
)
def test_what_is_no_bus_is_refused_and_never_waited_for(tmp_path, words):
    place = str(tmp_path / "bus")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(place)
        door.listen()
        answer = subprocess.Popen(
            ["python3", "-c", SPEAK, str(door.fileno()), words.hex()], pass_fds=[door.fileno()]
        )
        try:
            with pytest.raises(BusError):
                MessageBus(place)
        finally:
            answer.kill()
            answer.wait()


SPEAK = """
import socket, sys, time
door = socket.socket(fileno=int(sys.argv[1]))
one, _ = door.accept()
one.sendall(bytes.fromhex(sys.argv[2]))
time.sleep(200)
"""
