"""Stands in for systemd on a message bus of our own: knows suspend.target, and will not start it."""

from __future__ import annotations

import struct
import sys

from kernel.message_bus import (
    BUS,
    CALL,
    DESTINATION,
    MEMBER,
    PATH,
    PLACE,
    REPLY_TO,
    RETURN,
    SIGNATURE,
    MessageBus,
)

INTERFACE, ERROR_NAME, SENDER, ERROR = 2, 4, 7, 3


class Units(MessageBus):
    """What the agent's own client need not do: own a name, and answer."""

    def send(self, kind: int, fields: list[tuple[int, str, str | int]], body: bytes = b"") -> None:
        self._serial += 1
        told = b""
        for code, form, value in fields:
            told += bytes(-len(told) % 8) + bytes([code, 1, ord(form), 0]) + packed(form, value)
        head = struct.pack("<BBBBIII", ord("l"), kind, 0, 1, len(body), self._serial, len(told)) + told
        self._door.sendall(head + bytes(-len(head) % 8) + body)

    def serve(self) -> None:
        name = packed("s", "org.freedesktop.systemd1")
        wanted = [(PATH, "o", PLACE), (INTERFACE, "s", BUS), (MEMBER, "s", "RequestName")]
        body = name + bytes(-len(name) % 4) + struct.pack("<I", 0)
        self.send(CALL, [*wanted, (DESTINATION, "s", BUS), (SIGNATURE, "g", "su")], body)
        self._door.settimeout(None)
        print("ready", flush=True)
        while True:
            kind, serial, fields, _ = self._raw()
            if kind == CALL:
                to = [(REPLY_TO, "u", serial), (DESTINATION, "s", fields[SENDER])]
                if fields[MEMBER] == "Get":
                    state = b"\x01s\0\0" + packed("s", "loaded")
                    self.send(RETURN, [*to, (SIGNATURE, "g", "v")], state)
                else:
                    self.send(ERROR, [*to, (ERROR_NAME, "s", "org.example.No")])


def packed(form: str, value: str | int) -> bytes:
    if isinstance(value, int):
        return struct.pack("<I", value)
    size = bytes([len(value)]) if form == "g" else struct.pack("<I", len(value))
    return size + value.encode() + b"\0"


if __name__ == "__main__":
    Units(sys.argv[1]).serve()
