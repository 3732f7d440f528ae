"""A client of the D-Bus message bus that calls with strings, and hears signals (D-Bus Specification 0.38).

Only what the agent needs: plain arguments, replies that may bring a file descriptor, no arrays.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple, Self

SYSTEM = "/run/dbus/system_bus_socket"
BUS, PLACE = "org.freedesktop.DBus", "/org/freedesktop/DBus"
CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, REPLY_TO, DESTINATION, SIGNATURE = 1, 2, 3, 5, 6, 8
LONGEST = 128 * 1024
"""Bytes of one message; the bus itself allows 128 MiB, which nothing that we ask for needs."""
DEADLINE = 2.0
"""Seconds for an answer of the bus or of whoever is behind it."""
Value = str | int | bool


class BusError(Exception):
    """The bus is not there, refuses us, or does not keep to its protocol."""


class Message(NamedTuple):
    """A message that came in. Of arguments the first plain ones are read."""

    kind: int
    member: str
    reply_to: int
    body: tuple[Value, ...]
    descriptors: tuple[int, ...]
    """They belong to whoever takes the message."""


class MessageBus:
    """One connection. Raises BusError from each method; the connection is of no use after that."""

    def __init__(self, path: str = SYSTEM) -> None:
        self._serial = 0
        self._received = b""
        self._descriptors: list[int] = []
        self._signals: list[Message] = []
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._door.settimeout(DEADLINE)
        try:
            self._door.connect(path)
            self._sign_in()
            self.call(BUS, PLACE, f"{BUS}.Hello")
        except OSError as error:
            self.close()
            raise BusError(f"no message bus at {path}: {error}") from error
        except BusError:
            self.close()
            raise

    def fileno(self) -> int:
        return self._door.fileno()

    def close(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        self._door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def call(self, to: str, path: str, method: str, *arguments: str) -> Message:
        """``method``: with its interface. Waits for the answer; signals that come meanwhile are kept."""
        self._serial += 1
        try:
            self._door.settimeout(DEADLINE)
            self._door.sendall(_call(self._serial, to, path, method, arguments))
            while True:
                message = self._next()
                if message.kind == SIGNAL:
                    self._signals.append(message)
                elif message.reply_to == self._serial:
                    break
        except OSError as error:
            raise BusError(f"no answer from {to} to {method}: {error}") from error
        if message.kind == ERROR:
            raise BusError(f"{to} refuses {method}: {message.body[0] if message.body else 'without a word'}")
        return message

    def listen(self, sender: str, interface: str, member: str) -> None:
        """From now on hear this signal of whoever owns the name ``sender``."""
        rule = f"type='signal',sender='{sender}',interface='{interface}',member='{member}'"
        self.call(BUS, PLACE, f"{BUS}.AddMatch", rule)

    def signals(self) -> Iterator[Message]:
        """Those that have come; never waits for more than the rest of one."""
        try:
            while True:
                while self._signals:
                    yield self._signals.pop(0)
                self._door.settimeout(0 if not self._received else DEADLINE)
                message = self._next()
                if message.kind == SIGNAL:
                    self._signals.append(message)
        except BlockingIOError:
            return
        except OSError as error:
            raise BusError(f"the message bus is gone: {error}") from error

    def _sign_in(self) -> None:
        self._door.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        self._expect_line(b"OK ")
        self._door.sendall(b"NEGOTIATE_UNIX_FD\r\n")
        self._expect_line(b"AGREE_UNIX_FD")
        self._door.sendall(b"BEGIN\r\n")

    def _expect_line(self, start: bytes) -> None:
        line = b""
        while not line.endswith(b"\r\n"):
            byte = self._door.recv(1)
            if not byte or len(line) > 512:
                raise BusError("the message bus closed the connection")
            line += byte
        if not line.startswith(start):
            raise BusError(f"the message bus refuses: {line[:80].decode('ascii', 'replace').strip()}")

    def _next(self) -> Message:
        kind, _, fields, body = self._raw()
        descriptors, self._descriptors = tuple(self._descriptors), []
        reply_to = fields.get(REPLY_TO, 0)
        return Message(
            kind, str(fields.get(MEMBER, "")), reply_to if isinstance(reply_to, int) else 0, body, descriptors
        )

    def _raw(self) -> tuple[int, int, dict[int, Value], tuple[Value, ...]]:
        """Kind, number, fields of the head and arguments of the next message."""
        head = self._take(16)
        order = {0x6C: "<", 0x42: ">"}.get(head[0])
        if order is None:
            raise BusError("no message of D-Bus")
        body_length, serial, fields_length = struct.unpack_from(order + "III", head, 4)
        padded = -(-fields_length // 8) * 8
        if padded + body_length > LONGEST:
            raise BusError(f"a message of {padded + body_length} bytes")
        rest = self._take(padded + body_length)
        fields = dict(_fields(order, rest[:fields_length]))
        return head[1], serial, fields, tuple(_plain(order, str(fields.get(SIGNATURE, "")), rest[padded:]))

    def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            data, descriptors, _, _ = socket.recv_fds(self._door, 65_536, 4)
            self._descriptors += descriptors
            if not data:
                raise BusError("the message bus closed the connection")
            self._received += data
            self._door.settimeout(DEADLINE)
        taken, self._received = self._received[:count], self._received[count:]
        return taken


def _call(serial: int, to: str, path: str, method: str, arguments: tuple[str, ...]) -> bytes:
    interface, _, member = method.rpartition(".")
    body = b""
    for argument in arguments:
        body += bytes(-len(body) % 4) + _string(argument)
    fields = [(PATH, "o", path), (INTERFACE, "s", interface), (MEMBER, "s", member), (DESTINATION, "s", to)]
    if arguments:
        fields.append((SIGNATURE, "g", "s" * len(arguments)))
    told = b""
    for code, kind, value in fields:
        told += bytes(-len(told) % 8) + bytes([code, 1, ord(kind), 0])
        told += bytes([len(value)]) + value.encode() + b"\0" if kind == "g" else _string(value)
    head = struct.pack("<BBBBIII", ord("l"), CALL, 0, 1, len(body), serial, len(told)) + told
    return head + bytes(-len(head) % 8) + body


def _string(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def _fields(order: str, raw: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a head: each a number and a variant that holds one plain value."""
    at = 0
    while at < len(raw):
        at += -at % 8
        if raw[at + 1 : at + 2] != b"\x01" or at + 4 > len(raw):
            raise BusError("a field of a message head that is no plain value")
        code, kind = raw[at], chr(raw[at + 2])
        value, at = _value(order, kind, raw, at + 4)
        yield code, value


def _plain(order: str, signature: str, raw: bytes) -> Iterator[Value]:
    """Values until one of another kind."""
    at = 0
    for kind in signature:
        if kind not in "sogubhi":
            return
        value, at = _value(order, kind, raw, at)
        yield value


def _value(order: str, kind: str, raw: bytes, at: int) -> tuple[Value, int]:
    """One value and where the next begins. Raises BusError where it is cut off."""
    try:
        if kind == "g":
            end = at + 1 + raw[at]
            return raw[at + 1 : end].decode("utf-8", "replace"), end + 1
        at += -at % 4
        (number,) = struct.unpack_from(order + ("i" if kind == "i" else "I"), raw, at)
    except (IndexError, struct.error) as error:
        raise BusError("a message that is cut off") from error
    if kind in "so":
        end = at + 4 + number
        if end >= len(raw):
            raise BusError("a string beyond the end of its message")
        return raw[at + 4 : end].decode("utf-8", "replace"), end + 1
    if kind not in "ubhi":
        raise BusError(f"a value of kind {kind!r}")
    return (bool(number) if kind == "b" else number), at + 4
