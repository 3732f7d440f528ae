"""The steps that every question over TCP begins with: resolve, route, connect."""

from __future__ import annotations

import asyncio
import os
import socket

import msgspec

from kernel.rtnetlink import family_of
from probes.errors import read_errors, reason_of, reason_of_icmp, want_errors
from probes.names.resolve import ResolveFailed, resolve
from probes.packets.next_hop import silent
from probes.path import Way
from probes.steps import CONNECT, StepFailed, Steps
from wire.judgement import Reason


async def connect(steps: Steps, host: str, port: int) -> socket.socket:
    """A connected non-blocking socket, the caller's to close. Raises StepFailed, naming the step."""
    with steps.step("resolve"):
        try:
            resolved = await resolve(host, steps.net.root, steps.left(CONNECT))
        except ResolveFailed as failure:
            _blocked(steps, failure.resolver)
            steps.path = msgspec.structs.replace(steps.path, resolver=failure.resolver, port=port)
            raise
    steps.path = msgspec.structs.replace(steps.path, resolver=resolved.resolver)
    way = _first_open(steps, resolved.addresses, port)
    with steps.step("connect"):
        return await _connect(steps, way, port)


def _blocked(steps: Steps, resolver: str) -> None:
    """Without a way to the resolver it is the way that failed, not the resolving."""
    way = steps.ways.to(resolver) if resolver else None
    if way and way.blocked:
        steps.path = way.path
        raise StepFailed(way.blocked, step="resolve", error=way.detail)


def _first_open(steps: Steps, addresses: tuple[str, ...], port: int) -> Way:
    """An address of a family that this host cannot reach is passed over while there is another one."""
    for address in addresses[:-1]:
        if not steps.ways.to(address).blocked:
            return steps.go(address, port)
    return steps.go(addresses[-1], port)


async def _connect(steps: Steps, way: Way, port: int) -> socket.socket:
    address = way.path.address
    sock = socket.socket(family_of(address), socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        want_errors(sock)
        async with asyncio.timeout(steps.left(CONNECT)):
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except TimeoutError as error:
        failure = _failure(sock, error) if error.errno else None
        sock.close()
        failure = failure or await _timed_out(steps, way)
        raise failure from None
    except OSError as error:
        failure = _failure(sock, error)
        sock.close()
        raise failure from None
    except BaseException:
        sock.close()
        raise
    return sock


async def _timed_out(steps: Steps, way: Way) -> StepFailed:
    """Nothing came back: silence of the next hop itself is another step than silence of the port."""
    link = steps.ways.link(way.path.interface)
    if link and not link.carrier:
        return StepFailed(Reason.CARRIER, step="connect", error=f"{link.name} has no carrier")
    if why := await silent(steps.ways, way):
        return StepFailed(Reason.UNREACHABLE, step="connect", neighbour=why)
    return StepFailed(Reason.TIMEOUT, step="connect", error="no answer to the connection request")


def _failure(sock: socket.socket, error: OSError) -> StepFailed:
    what = os.strerror(error.errno or 0)
    for queued in read_errors(sock):
        reason = reason_of_icmp(queued, sock.family, port_is_refusal=False)
        if reason:
            return StepFailed(reason, step="connect", error=what, **queued.evidence())
    return StepFailed(reason_of(error.errno or 0), step="connect", error=what)
