"""Does this port accept a connection?"""

from __future__ import annotations

import asyncio
import socket

from probes.connections.connect import connect
from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from wire.judgement import Judgement, Layer, Reason
from wire.target import TcpTarget

PROBE = Probe(
    signals=("net.tcp",),
    layer=Layer.TRANSPORT,
    target=TcpTarget,
    interval=15 * SECOND,
    timeout=5 * SECOND,
)
SLOW = 0.9
"""A lost SYN is repeated after one second (RFC 6298): a connection that took longer lost a packet."""
_BUDGET = 4.4
_LINGER = 0.03
"""Seconds in which a reset that follows the handshake would arrive."""


async def ask(target: TcpTarget, net: Net) -> Judgement:
    """Resolves, connects, and looks whether the connection stands. Value: seconds to connect."""
    steps = Steps("net.tcp", target.subject, net, _BUDGET)
    try:
        sock = await connect(steps, target.host, target.port)
        with sock, steps.step("stand"):
            await _stand(sock)
    except StepFailed as failure:
        return steps.failed(failure)
    took = float(steps.evidence["connect_ms"]) / 1000
    return steps.warned(Reason.SLOW, took) if took > SLOW else steps.passed(took)


async def _stand(sock: socket.socket) -> None:
    """Raises ConnectionResetError when the other end tears the connection down at once."""
    try:
        async with asyncio.timeout(_LINGER):
            await asyncio.get_running_loop().sock_recv(sock, 1)
    except TimeoutError:
        return
