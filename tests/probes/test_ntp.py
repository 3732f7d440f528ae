"""Time sources: chrony, and servers that are wrong, late, or away."""

from __future__ import annotations

import shutil
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from kernel.sntp import EPOCH, PACKET
from probes import ntp
from wire.judgement import Reason, Verdict
from wire.target import NtpTarget


@pytest.fixture
def source() -> Iterator[Callable[..., int]]:
    """A time source that is off by so much. Gives its port."""
    doors: list[tuple[socket.socket, threading.Thread]] = []

    def start(ahead: float = 0.0, stratum: int = 2, family: int = socket.AF_INET) -> int:
        door = socket.socket(family, socket.SOCK_DGRAM)
        door.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        thread = threading.Thread(target=answer, args=(door, ahead, stratum))
        thread.start()
        doors.append((door, thread))
        return int(door.getsockname()[1])

    yield start
    for door, thread in doors:
        with socket.socket(door.family, socket.SOCK_DGRAM) as end:
            end.sendto(b"", door.getsockname())
        thread.join()
        door.close()


def answer(door: socket.socket, ahead: float, stratum: int) -> None:
    while True:
        question, asker = door.recvfrom(512)
        if not question:
            return
        now = time.time() + ahead + EPOCH
        stamp = (int(now), int(now % 1 * 2**32))
        door.sendto(b"\x24", asker)  # what is no answer is passed over
        echoed = struct.unpack("!II", question[40:48])
        door.sendto(PACKET.pack(0x24, stratum, 0, 0, *[0] * 5, *echoed, *stamp, *stamp), asker)


def test_a_source_with_the_same_time_passes_with_every_step_timed(source, ask):
    judged = ask(ntp, NtpTarget("127.0.0.1", source()))
    assert (judged.verdict, round(judged.value or 0.0, 1)) == (Verdict.PASS, 0.0)
    assert {"resolve_ms", "answer_ms"} <= judged.evidence.keys()


def test_a_source_is_asked_over_ipv6_too(source, ask):
    assert ask(ntp, NtpTarget("::1", source(family=socket.AF_INET6))).verdict is Verdict.PASS


@pytest.mark.parametrize("ahead", [-600.0, 600.0])
def test_a_source_minutes_away_is_skewed_by_so_much(source, ask, ahead):
    judged = ask(ntp, NtpTarget("127.0.0.1", source(ahead)))
    assert (judged.verdict, judged.reason) == (Verdict.WARN, Reason.SKEWED)
    assert judged.value == pytest.approx(ahead, abs=5)


def test_a_source_that_lost_its_own_is_unsynchronised(source, ask):
    assert ask(ntp, NtpTarget("127.0.0.1", source(stratum=16))).reason is Reason.UNSYNCHRONISED


def test_no_server_is_refused(ask, free_port):
    assert ask(ntp, NtpTarget("127.0.0.1", free_port)).reason is Reason.REFUSED


def test_a_silent_server_is_a_timeout(ask):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        judged = ask(ntp, NtpTarget("127.0.0.1", port))
    assert (judged.reason, judged.subject) == (Reason.TIMEOUT, f"endpoint:ntp://127.0.0.1:{port}")


def test_a_name_that_nobody_knows_is_resolve(ask):
    assert ask(ntp, NtpTarget("time.example")).reason is Reason.RESOLVE


@pytest.fixture
def chrony(serve, free_port, tmp_path) -> Callable[[str], int]:
    """The real server, alone in the world, with this line of configuration. Gives its port."""
    program = shutil.which("chronyd")
    if program is None:
        pytest.skip("chrony is not on this machine")

    def start(line: str) -> int:
        configuration = tmp_path / "chrony.conf"
        paths = f"pidfile {tmp_path}/pid\nbindcmdaddress /\ncmdport 0\ndriftfile {tmp_path}/drift\n"
        configuration.write_text(f"{paths}port {free_port}\nbindaddress 127.0.0.1\nallow all\n{line}\n")
        serve(program, "-d", "-x", "-U", "-u", "root", "-f", str(configuration))
        return free_port

    return start


def until_it_answers(ask, port: int):
    for _ in range(2400):
        judged = ask(ntp, NtpTarget("127.0.0.1", port))
        if judged.reason is not Reason.REFUSED:
            return judged
        time.sleep(0.05)
    raise AssertionError("chrony does not listen")


def test_chrony_with_a_reference_passes(chrony, ask):
    assert until_it_answers(ask, chrony("local stratum 8")).verdict is Verdict.PASS


def test_chrony_without_one_is_unsynchronised(chrony, ask):
    assert until_it_answers(ask, chrony("")).reason is Reason.UNSYNCHRONISED


@pytest.mark.root
@pytest.mark.parametrize(
    ("address", "reason"), [("10.99.0.77", Reason.UNREACHABLE), ("10.99.0.2", Reason.REFUSED)]
)
def test_what_the_network_says_of_a_source(lan, address, reason):
    (judged,) = lan.ask("ntp", NtpTarget(address))
    assert judged.reason is reason


@pytest.mark.root
def test_a_filtered_source_is_prohibited(lan):
    lan.filter("gw", "forward", "udp dport 123 reject with icmpx type admin-prohibited")
    (judged,) = lan.ask("ntp", NtpTarget("10.98.0.2"))
    assert judged.reason is Reason.PROHIBITED
