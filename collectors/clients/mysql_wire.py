"""Asks a MySQL or MariaDB server over its own protocol, version 10: sign in, text queries, nothing else."""

from __future__ import annotations

import hashlib
import struct

from collectors.clients.answer import Full, NotPermitted, Refused
from collectors.clients.stream import Session, Stream, Where

SECONDS = 4.0
GRANT = (
    "in MySQL: CREATE USER rootward@localhost IDENTIFIED …; GRANT PROCESS, REPLICATION CLIENT ON *.* TO "
    "rootward@localhost;  and a [[applications.login]] with user and secret_file (0600)"
)
_LONG_PASSWORD, _PROTOCOL_41, _SECURE, _PLUGIN_AUTH, _MULTI_RESULTS = 0x1, 0x200, 0x8000, 0x80000, 0x20000
_CAPABILITIES = _LONG_PASSWORD | _PROTOCOL_41 | _SECURE | _PLUGIN_AUTH | _MULTI_RESULTS
_UTF8 = 33
_NATIVE, _SHA2, _SOCKET, _CLEAR = (
    "mysql_native_password",
    "caching_sha2_password",
    ("auth_socket", "unix_socket"),
    "mysql_clear_password",
)
_DENIED = frozenset([1044, 1045, 1130, 1142, 1227, 1251, 1698, 2059])
_FULL = frozenset([1040, 1203])
_OK, _EOF, _ERROR, _MORE = 0x00, 0xFE, 0xFF, 0x01
_FULL_AUTHENTICATION = b"\x04"
MOST_ROWS = 2000
Rows = list[dict[str, str | None]]


class MySql(Session):
    """One session; ends with the stream."""

    def __init__(self, where: Where, user: str, password: str) -> None:
        """Raises OSError, NotPermitted, Full, Refused, ValueError for what is no MySQL."""
        self._stream = Stream(where, SECONDS)
        self._sequence = 0
        self._safe = isinstance(where, str)
        self._password = password.encode()
        try:
            self._start(user)
        except BaseException:
            self.close()
            raise

    def query(self, text: str) -> Rows:
        """Rows by column name, every value as its text. Raises NotPermitted, Refused."""
        self._sequence = 0
        self._send(b"\x03" + text.encode())
        head = self._answer()
        if head[:1] == b"\0":
            return []
        names = [_column(self._packet()) for _ in range(_length(head, 0)[0])]
        self._packet()  # the end of the columns
        rows: Rows = []
        while not _ends(packet := self._answer()):
            if len(rows) >= MOST_ROWS:
                raise ValueError("more rows than such a question has")
            rows.append(dict(zip(names, _values(packet), strict=True)))
        return rows

    def _start(self, user: str) -> None:
        greeting = self._answer()
        if greeting[:1] != b"\x0a":
            raise ValueError("no MySQL of protocol 10")
        salt, plugin = _greeting(greeting)
        proof = self._proof(plugin, salt)
        body = struct.pack("<IIB23x", _CAPABILITIES, 1 << 24, _UTF8)
        body += user.encode() + b"\0" + bytes([len(proof)]) + proof + plugin.encode() + b"\0"
        self._send(body)
        while (answer := self._answer())[:1] != b"\0":
            self._continue(answer, salt)

    def _continue(self, answer: bytes, salt: bytes) -> None:
        if answer[0] == _EOF:  # another plugin is wanted
            name, _, data = answer[1:].partition(b"\0")
            self._send(self._proof(name.decode("ascii", "replace"), data[:20] or salt))
        elif answer[:1] == bytes([_MORE]) and answer[1:2] == _FULL_AUTHENTICATION:
            if not self._safe:
                raise NotPermitted(GRANT, "the whole password is only told over the Unix socket")
            self._send(self._password + b"\0")
        elif answer[0] != _MORE:
            raise ValueError("a step of signing in that is not known")

    def _proof(self, plugin: str, salt: bytes) -> bytes:
        if plugin in _SOCKET or not self._password:
            return b""
        if plugin == _NATIVE:
            return _xor_sha1(self._password, salt)
        if plugin == _SHA2:
            return _xor_sha256(self._password, salt)
        if plugin == _CLEAR and self._safe:
            return self._password + b"\0"
        raise NotPermitted(GRANT, f"signing in by {plugin} is not known here")

    def _send(self, body: bytes) -> None:
        self._stream.send(struct.pack("<I", len(body))[:3] + bytes([self._sequence & 0xFF]) + body)
        self._sequence += 1

    def _packet(self) -> bytes:
        head = self._stream.exactly(4)
        self._sequence = head[3] + 1
        return self._stream.exactly(int.from_bytes(head[:3], "little"))

    def _answer(self) -> bytes:
        packet = self._packet()
        if not packet:
            raise ValueError("an empty packet")
        if packet[0] == _ERROR:
            raise _error(packet)
        return packet


def _greeting(packet: bytes) -> tuple[bytes, str]:
    """Salt and the plugin that the server would like."""
    at = packet.index(b"\0", 1) + 5
    salt = packet[at : at + 8]
    plugin_at = at + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10
    length = max(13, packet[at + 8 + 1 + 2 + 1 + 2 + 2] - 8)
    salt += packet[plugin_at : plugin_at + length].rstrip(b"\0")
    plugin = packet[plugin_at + length :].partition(b"\0")[0].decode("ascii", "replace")
    return salt[:20], plugin or _NATIVE


def _xor_sha1(password: bytes, salt: bytes) -> bytes:
    once = hashlib.sha1(password).digest()  # noqa: S324 - the protocol's
    twice = hashlib.sha1(once).digest()  # noqa: S324
    mask = hashlib.sha1(salt + twice).digest()  # noqa: S324
    return bytes(one ^ other for one, other in zip(once, mask, strict=True))


def _xor_sha256(password: bytes, salt: bytes) -> bytes:
    once = hashlib.sha256(password).digest()
    mask = hashlib.sha256(hashlib.sha256(once).digest() + salt).digest()
    return bytes(one ^ other for one, other in zip(once, mask, strict=True))


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A length-encoded integer and where it ends."""
    first = data[at]
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
    if not size:
        return first, at + 1
    return int.from_bytes(data[at + 1 : at + 1 + size], "little"), at + 1 + size


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = _length(data, at)
    if at + length > len(data):
        raise ValueError("a value cut short")
    return data[at : at + length], at + length


def _column(packet: bytes) -> str:
    """Catalogue, schema, table and its original, then the name."""
    at = 0
    for _ in range(5):
        name, at = _text(packet, at)
    return name.decode("utf-8", "replace")


def _values(packet: bytes) -> list[str | None]:
    at, values = 0, list[str | None]()
    while at < len(packet):
        if packet[at] == 0xFB:
            values.append(None)
            at += 1
        else:
            value, at = _text(packet, at)
            values.append(value.decode("utf-8", "replace"))
    return values


def _ends(packet: bytes) -> bool:
    return packet[0] == _EOF and len(packet) < 9


def _error(packet: bytes) -> Exception:
    code = int.from_bytes(packet[1:3], "little")
    text = packet[3:].decode("utf-8", "replace")
    text = text[6:] if text.startswith("#") else text
    if code in _DENIED:
        return NotPermitted(GRANT, text)
    return Full(text) if code in _FULL else Refused(f"{code} {text}")
