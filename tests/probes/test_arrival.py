"""What arrives at a door of a host, and what the host itself throws away: real filters, real connections."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from subprocess import PIPE, Popen

import pytest

from probes.packets.arrival import Attempts
from probes.packets.heard import Heard
from wire.judgement import Reason
from wire.target import ArrivalTarget

PORT = 7777
ASK = {
    "tcp": "import socket,time\nwhile 1:\n try: socket.create_connection(({address}, 7777), 0.7).close()\n"
    " except OSError: pass\n print(flush=True); time.sleep(.2)",
    "udp": "import socket,time\nwhile 1:\n s = socket.socket({family}, socket.SOCK_DGRAM)\n"
    " s.sendto(b'?', ({address}, 7777)); print(flush=True); time.sleep(.2)",
}
ANSWER = {
    "tcp": "import socket\ns = socket.create_server(({address}, 7777), family={family}); print(flush=True)\n"
    "while 1: s.accept()[0].close()",
    "udp": "import socket\ns = socket.socket({family}, socket.SOCK_DGRAM)\ns.bind(({address}, 7777))\n"
    "print(flush=True)\nwhile 1: s.sendto(b'!', s.recvfrom(9)[1])",
}


@contextmanager
def running(lan, host, program, address):
    family = "socket.AF_INET6" if ":" in address else "socket.AF_INET"
    said = program.replace("{family}", family).replace("{address}", repr(address))
    with Popen(lan.spaces.argv(host, sys.executable, "-c", said), stdout=PIPE) as child:
        try:
            assert child.stdout.readline() == b"\n"  # it is at work
            yield
        finally:
            child.kill()


def found(lan, protocol, address, *, asker="h1", served=True):
    """h1 asks what lies behind the gateway, and that listens to itself."""
    with ExitStack() as programs:
        if served:
            programs.enter_context(running(lan, "out", ANSWER[protocol], address))
        programs.enter_context(running(lan, asker, ASK[protocol], address))
        target = ArrivalTarget(gateway="10.99.0.254", host="out", port=PORT, protocol=protocol)
        (judged,) = lan.ask("arrival", target, at="out")
    return judged


@pytest.mark.root
@pytest.mark.parametrize("address", ["10.98.0.2", "fd98::2"])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
class TestArrival:
    def test_what_arrives_and_is_answered_passes(self, lan, protocol, address):
        judged = found(lan, protocol, address)
        assert (judged.reason, judged.subject) == (Reason.OK, f"flow:10.99.0.254>out/{protocol}/7777")

    def test_what_the_host_drops_has_arrived(self, lan, protocol, address):
        lan.filter("out", "input", f"{protocol} dport 7777 drop")
        assert found(lan, protocol, address).reason is Reason.TIMEOUT

    def test_what_the_gateway_drops_has_not(self, lan, protocol, address):
        lan.filter("gw", "forward", f"{protocol} dport 7777 drop")
        assert found(lan, protocol, address).reason is Reason.MISSING

    def test_who_asks_from_the_same_link_does_not_count(self, lan, protocol, address):
        lan.filter("gw", "forward", f"{protocol} dport 7777 drop")
        assert found(lan, protocol, address, asker="gw").reason is Reason.MISSING


def test_of_more_attempts_than_are_kept_those_that_are_kept_were_answered():
    attempts = Attempts([], most=1)
    for port in (1, 2):
        attempts.note(Heard("10.0.0.1", port, answer=False))
        attempts.note(Heard("10.0.0.1", port, answer=True))
    assert (attempts.asked.keys(), attempts.answered) == ({("10.0.0.1", 1)}, {("10.0.0.1", 1)})


@pytest.mark.root
def test_a_closed_door_answers(lan):
    assert found(lan, "tcp", "10.98.0.2", served=False).reason is Reason.OK
