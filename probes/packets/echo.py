"""Sends echoes to many addresses in waves and counts what comes back, for a few system calls per burst."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
import struct
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from probes.errors import NetworkError, read_errors
from probes.packets.batch import STRIDE, Incoming, Outgoing
from probes.packets.echo_socket import EchoSocket

BURST = 128
PACE = 0.002
"""Seconds between bursts: at most 64 000 packets a second, and replies are read as fast as they come."""
TOKEN = 16
_FULL = (errno.EAGAIN, errno.ENOBUFS)
_ENOUGH = 64
"""Turns of a loop that other programs' errors could keep going."""
_BILLION = 1_000_000_000
_ROUNDED = 1_000_000
"""Nanoseconds by which the time of sending, which is an estimate, may lie behind that of the reply."""
_NEVER = (1 << 62,)


@dataclass(slots=True)
class _Wave:
    """When each echo of one wave left, and who has not answered it."""

    sent_at: array[int]
    waiting: bytearray
    left: int = field(default=0)
    began: int = field(default_factory=time.monotonic_ns)


class Echoes:
    """The echoes of one round to the addresses of one family (distinct ones).

    What comes back is counted in arrays, one place per address: a thousand small objects per round would
    cost more than the echoes.
    """

    received: bytearray
    repeated: bytearray
    """Replies beyond one per echo: two machines answer, or packets are doubled on the way."""
    best: array[int]
    """Shortest round trip, nanoseconds."""
    varied: array[int]
    """By how much each round trip differed from the one before (RFC 3393), summed up, nanoseconds."""
    errors: dict[int, NetworkError]
    """The last error for an address, by its place."""

    def __init__(self, door: EchoSocket, incoming: Incoming, addresses: Sequence[str]) -> None:
        self._door = door
        self._incoming = incoming
        self._outgoing = Outgoing(addresses, 8 + TOKEN)
        self._numbers = {_packed(door.family, address): n for n, address in enumerate(addresses)}
        self._slot = _slot(door)
        self._waves: dict[int, _Wave] = {}
        self.renew()

    def renew(self) -> None:
        """Begins another round to the same addresses."""
        self._waves.clear()
        self._token = secrets.token_bytes(TOKEN)
        count = len(self._outgoing)
        self.received, self.repeated = bytearray(count), bytearray(count)
        self.best = array("q", _NEVER) * count
        self.varied, self._last = array("q", bytes(8 * count)), array("q", bytes(8 * count))
        self.errors = {}

    async def wave(self, sequence: int) -> None:
        """One echo to each address, sent in paced bursts."""
        count = len(self._outgoing)
        # Sequence numbers are compared as they stand in the packet, so never swapped per reply.
        wave = self._waves[socket.htons(sequence)] = _Wave(
            array("q", bytes(8 * count)), bytearray(b"\1") * count
        )
        self._outgoing.fill(self._door.packet(sequence, self._token))
        at = 0
        while at < count:
            at += self._burst(wave, at)
            self.drain()
            if at < count:
                await asyncio.sleep(PACE)

    async def settle(self, seconds: float) -> None:
        """Reads replies until every echo is answered or explained, or the time is over."""
        until = time.monotonic() + seconds
        nap = 0.001
        self.drain()
        while self.open and (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(nap, left))
            nap = min(nap * 2, 0.008 if until - time.monotonic() > seconds - 0.05 else 0.05)
            self.drain()

    @property
    def sent(self) -> int:
        """Echoes sent to each address in this round."""
        return len(self._waves)

    @property
    def open(self) -> int:
        """Echoes without reply or error."""
        return sum(wave.left for wave in self._waves.values())

    def drain(self) -> None:
        """Reads all that waits, replies and errors."""
        for _ in range(_ENOUGH):
            try:
                got = self._incoming.receive(self._door.socket)
            except OSError:
                self._read_errors()  # the pending error of the socket; what it is about stands in the queue
                continue
            if got:
                self._count(got)
            if got < self._incoming.slots:
                return

    def _burst(self, wave: _Wave, start: int) -> int:
        """How many are done: sent, or found not to be sendable."""
        begin = time.time_ns()
        try:
            sent = self._send(start)
        except OSError as error:
            if error.errno in _FULL:
                return 0
            self._unsendable(wave, start, error)
            return 1
        # One system call sends the burst; each packet's time is taken as its share of the call's duration.
        step = max(1, (time.time_ns() - begin) // sent)
        wave.sent_at[start : start + sent] = array("q", range(begin, begin + step * sent, step))
        wave.left += sent
        return sent

    def _send(self, start: int) -> int:
        """Raises OSError for what cannot be sent.

        A pending error of the socket fails the next call too, and may be about an earlier packet or, on a raw
        socket, about another program's: only an error that stays is about this one.
        """
        for tries_left in range(_ENOUGH, -1, -1):
            try:
                return self._outgoing.send(self._door.socket, start, BURST)
            except OSError as error:
                was_first = tries_left == _ENOUGH
                if error.errno in _FULL or not tries_left or not (self._read_errors() or was_first):
                    raise
        return 0

    def _unsendable(self, wave: _Wave, number: int, error: OSError) -> None:
        wave.waiting[number] = 0
        self.errors[number] = NetworkError(error.errno or 0, 1, 0, 0, "", "", b"")

    def _count(self, got: int) -> None:
        numbers, waves, token = self._numbers, self._waves, self._token
        now = time.monotonic_ns()
        for source, seconds, nanoseconds, sequence, shown in self._slot.iter_unpack(
            self._incoming.view[: got * STRIDE]
        ):
            if shown != token or sequence not in waves or source not in numbers:
                continue
            number = numbers[source]
            wave = waves[sequence]
            if not wave.waiting[number]:
                self.repeated[number] = min(255, self.repeated[number] + 1)
                continue
            wave.waiting[number] = 0
            wave.left -= 1
            self.received[number] += 1
            took = seconds * _BILLION + nanoseconds - wave.sent_at[number]
            if not -_ROUNDED <= took <= now - wave.began:
                took = (
                    now - wave.began
                )  # the clock was set, or shows this process another time than the kernel's
            took = max(0, took)
            if self.received[number] > 1:
                self.varied[number] += abs(took - self._last[number])
            self._last[number] = took
            self.best[number] = min(self.best[number], took)

    def _read_errors(self) -> int:
        """How many errors were found, ours or not."""
        found = 0
        for found, error in enumerate(read_errors(self._door.socket), 1):  # noqa: B007 - the last is the count
            number = self._numbers.get(_packed(self._door.family, error.address)) if error.address else None
            if number is None or self._token not in error.payload:
                continue
            self.errors[number] = error
            for wave in self._waves.values():
                if wave.waiting[number] and wave.sent_at[number]:
                    wave.waiting[number] = 0
                    wave.left -= 1
                    break
        return found


def _packed(family: int, address: str) -> bytes:
    return socket.inet_pton(socket.AddressFamily(family), address.partition("%")[0])


def _slot(door: EchoSocket) -> struct.Struct:
    """One received datagram: source, kernel time, sequence, token (see ``batch.STRIDE``)."""
    # sockaddr_in: family, port, address; sockaddr_in6: family, port, flow, address, scope.
    name = "4x4s24x" if door.family == socket.AF_INET else "8x16s8x"
    rest = STRIDE - 64 - door.offset - 8 - TOKEN
    return struct.Struct(f"={name}16xqq{door.offset}x6xH{TOKEN}s{rest}x")
