"""The killable process: runs risky collectors one at a time and says what it is about to touch."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import BinaryIO

from agent.workers.frames import Begun, Ended, Judged, Read, Reply, Setup, Touching, frame, request
from collectors.host import Host
from kernel.child import read_frame
from wire.codec import encode


class WatchedHost(Host):
    """Tells the agent before each touch, so that the agent knows what a hang was about."""

    tell: Callable[[str], None]

    def touch(self, subject: str) -> bool:
        if not super().touch(subject):
            return False
        self.tell(subject)
        return True


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Until the agent closes the pipe."""

    def send(message: Reply) -> None:
        outgoing.write(frame(message))
        outgoing.flush()

    setup = Setup(host="", root="/", options={})
    hosts: dict[str, WatchedHost] = {}
    while (body := read_frame(incoming)) is not None:
        message = request(body)
        if isinstance(message, Setup):
            setup = message
            continue
        if message.unit not in hosts:
            host = WatchedHost(setup.host, setup.root, options=setup.options)
            host.tell = lambda subject: send(Touching(subject))
            hosts[message.unit] = host
        send(_run(message, hosts[message.unit], send))


def _run(message: Read, host: WatchedHost, send: Callable[[Reply], None]) -> Ended:
    host.hung = frozenset(message.hung)
    host.remembered = message.remembered
    before = {key: encode(value) for key, value in message.remembered.items()}
    error = ""
    try:
        unit = importlib.import_module(message.unit)
        send(Begun())
        for judgement in unit.read(host):
            send(Judged(judgement))
    except Exception as failure:  # noqa: BLE001 - a unit's own fault is told to the agent, which judges it unknown
        error = f"{type(failure).__name__}: {failure}"
    return Ended(
        error, {key: value for key, value in host.remembered.items() if before.get(key) != encode(value)}
    )


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
