"""A connection is ours alone: nothing of one that was broken off is left on its descriptor."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from contextlib import ExitStack

import pytest

from probes.connections.connect import connect
from probes.connections.handshake import secure
from probes.connections.talk import Talk
from probes.steps import StepFailed, Steps
from wire.judgement import Reason

LATE = 0.2


@pytest.fixture
def late_door(authority):
    """A TLS server that takes its time before the handshake; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.leaf("late", "IP:127.0.0.1", 90, "1 day ago"))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            plain, _ = server.accept()
            time.sleep(LATE)
            try:
                with context.wrap_socket(plain, server_side=True) as secured:
                    secured.recv(1)
            except OSError:
                plain.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_descriptor_is_free_again_when_a_handshake_ends_at_its_deadline(late_door, authority, net):
    async def overrun() -> Reason | None:
        steps = Steps("tls.certificate", "endpoint:tls://127.0.0.1:1", net, budget=LATE / 2)
        sock = await connect(steps, "127.0.0.1", late_door)
        # the busy loop learns of the deadline and of the answer in one turn
        asyncio.get_running_loop().call_later(LATE / 4, time.sleep, 2 * LATE)
        reason = None
        try:
            secured = await secure(steps, sock, "127.0.0.1", str(authority.certificate))
        except StepFailed as failure:
            reason = failure.reason
        else:
            secured.talk.close()
        await hear_on_new_descriptors()
        return reason

    assert asyncio.run(overrun()) in {Reason.TLS_TIMEOUT, None}


async def hear_on_new_descriptors() -> None:
    """As the next questions do; the one that was closed last is among these."""
    with ExitStack() as stack:
        for _ in range(8):
            ours, theirs = (stack.enter_context(each) for each in socket.socketpair())
            ours.setblocking(False)
            waiting = asyncio.create_task(Talk(ours).some(1))
            await asyncio.sleep(0)
            theirs.send(b"x")
            assert await waiting == b"x"


def test_a_line_without_end_is_refused():
    async def endless() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours, theirs:
            theirs.send(b"x" * 2000)
            with pytest.raises(ValueError, match="more than 1000 bytes"):
                await Talk(ours).until(b"\n", 1000)

    asyncio.run(endless())
