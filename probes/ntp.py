"""Does this time source answer, does it know the time, and how far is our clock from it?"""

from __future__ import annotations

import asyncio
import secrets
import socket

from kernel.rtnetlink import family_of
from kernel.sntp import NoAnswer, Unsynchronised, measured, question
from probes.errors import read_errors, reason_of_icmp, want_errors
from probes.names.resolve import resolve
from probes.packets.next_hop import silent
from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from wire.judgement import Judgement, Layer, Reason
from wire.target import NtpTarget

PROBE = Probe(
    signals=("time.source",),
    layer=Layer.APPLICATION,
    target=NtpTarget,
    interval=64 * SECOND,
    timeout=5 * SECOND,
)
SKEWED = 2.0
"""Seconds: tickets, certificates and logs of several hosts still agree within them."""
_BUDGET = 4.4
_TRIES = 2


async def ask(target: NtpTarget, net: Net) -> Judgement:
    """Resolves, asks, compares. Value: seconds that our clock is behind (negative: ahead)."""
    steps = Steps("time.source", target.subject, net, _BUDGET)
    try:
        with steps.step("resolve"):
            resolved = await resolve(target.host, net.root, steps.left())
        way = steps.go(resolved.addresses[0], target.port)
        try:
            with steps.step("answer"):
                off = await _ask_twice(steps, target.port)
        except StepFailed as failure:
            if failure.reason is Reason.TIMEOUT and (why := await silent(steps.ways, way)):
                raise StepFailed(Reason.UNREACHABLE, neighbour=why) from None
            raise
    except StepFailed as failure:
        return steps.failed(failure)
    steps.evidence["offset_s"] = round(off, 4)
    return steps.warned(Reason.SKEWED, off) if abs(off) >= SKEWED else steps.passed(off)


async def _ask_twice(steps: Steps, port: int) -> float:
    """A lost datagram is nobody's fault."""
    for tries_left in range(_TRIES, 0, -1):
        try:
            async with asyncio.timeout(steps.left(_BUDGET / 2) / tries_left * 0.9):
                return await _ask_once(steps, port)
        except TimeoutError:
            continue
    raise StepFailed(Reason.TIMEOUT, step="answer", error="no answer to the question for the time")


async def _ask_once(steps: Steps, port: int) -> float:
    nonce = secrets.randbits(64)
    clock, loop = steps.net.clock, asyncio.get_running_loop()
    with socket.socket(family_of(steps.path.address), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        want_errors(sock)
        try:
            sock.connect((steps.path.address, port))
            sent = clock()
            sock.send(question(nonce))
            while True:
                answer = await loop.sock_recv(sock, 512)
                try:
                    return measured(answer, nonce, sent, clock())
                except Unsynchronised as error:
                    raise StepFailed(Reason.UNSYNCHRONISED, step="answer", error=str(error)) from None
                except NoAnswer:
                    continue  # late, or not for us
        except OSError as error:
            for queued in read_errors(sock):
                if reason := reason_of_icmp(queued, sock.family, port_is_refusal=True):
                    raise StepFailed(reason, step="answer", **queued.evidence()) from None
            raise error from None
