"""The programs that spoil packets and answers in the lab do it as they are told; seen from outside."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.drills.seeing import soon

PROGRAMS = Path(__file__).parents[2] / "drills" / "programs"
PYTHON = (sys.executable, "-I", "-S")
QUESTION = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03lab\x00\x00\x01\x00\x01"


@contextmanager
def running(*argv: str) -> Iterator[None]:
    child = subprocess.Popen(argv)
    try:
        yield
    finally:
        child.kill()
        child.wait()


@contextmanager
def spliced(namespaces, *options: str) -> Iterator[None]:
    """The near machine's end of the cable at the switch is led through the program."""
    program = (*PYTHON, str(PROGRAMS / "splice.py"), "splice", "splice-near", "splice-far", *options)
    with running(*namespaces.argv("switch", *program)):
        assert soon(lambda: "splice-far" in namespaces.run("switch", "ip", "link"))
        for line in (
            "link add stub type bridge forward_delay 0",
            "link set stub up",
            "link set splice-near master stub up",
            "link set splice-far master whole up",
            "link set near master stub",
        ):
            namespaces.run("switch", "ip", *line.split())
        yield


@pytest.fixture
def lan(namespaces):
    """Two machines at a switch."""
    namespaces.add("switch")
    namespaces.run("switch", "ip", *["link", "add", "whole", "type", "bridge", "forward_delay", "0"])
    namespaces.run("switch", "ip", "link", "set", "whole", "up")
    for number, name in enumerate(("near", "far"), 1):
        namespaces.add(name)
        namespaces.veth(name, "eth0", "switch", name)
        namespaces.run("switch", "ip", "link", "set", name, "master", "whole")
        namespaces.run(name, "ip", "address", "add", f"10.97.0.{number}/24", "dev", "eth0")
    return namespaces


def ping(lan, count=20) -> tuple[int, float]:
    """How many answers the far machine got from the near one, and the shortest way in milliseconds."""
    argv = lan.argv("far", "ping", "-n", "-q", "-c", str(count), "-i", "0.05", "-W", "20", "10.97.0.1")
    said = subprocess.run(argv, check=False, capture_output=True, text=True).stdout
    received = next(int(line.split()[3]) for line in said.splitlines() if "received" in line)
    return received, float(said.rpartition("mdev = ")[2].split("/")[0] or "inf")


def count(lan, protocol: str, name: str) -> int:
    lines = [line.split() for line in lan.run("near", "cat", "/proc/net/snmp").splitlines()]
    names, figures = (line for line in lines if line[0] == f"{protocol}:")
    return int(figures[names.index(name)])


def test_a_delay_is_added_each_way_and_nothing_is_lost(lan):
    with spliced(lan, "--delay", "30"):
        received, shortest = ping(lan)
    assert received == 20
    assert 60 <= shortest < float("inf")


def test_damage_is_found_out_by_the_checksum_of_whoever_receives_it(lan):
    with spliced(lan, "--damage", "50"):
        received, _ = ping(lan)
    assert 0 < received < 20
    assert count(lan, "Icmp", "InCsumErrors") == 20 - received


def asked(port: int) -> tuple[bytes, float]:
    """The answer of a server on this machine, and after how many seconds; asked until it is up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.settimeout(60)
        way.connect(("127.0.0.1", port))
        until = time.monotonic() + 60
        while True:
            began = time.monotonic()
            try:
                way.send(QUESTION)
                return way.recv(512), time.monotonic() - began
            except ConnectionRefusedError:
                assert time.monotonic() < until
                time.sleep(0.05)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def test_a_name_server_that_fails_says_so_to_the_question_it_was_asked():
    port = free_port()
    with running(*PYTHON, str(PROGRAMS / "relay.py"), "relay", str(port), "fail"):
        answer, _ = asked(port)
    assert answer[:2] == QUESTION[:2]
    assert answer[2] & 0x80
    assert answer[3] & 0x0F == 2
    assert answer[12:] == QUESTION[12:]
