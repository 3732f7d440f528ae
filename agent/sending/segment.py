"""One file of the spool: checksummed records, appended."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from wire.observation import Observation

_HEADER = struct.Struct(">IIB")
MAX_RECORD = 256 * 1024
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Observation)


class Record(msgspec.Struct, frozen=True, gc=False):
    """An observation as it is in the spool."""

    observation: Observation
    repeat: bool
    """It says nothing that was not said before: dropped first when room is short."""
    end: int
    """Offset behind it in its segment."""


def pack(observation: Observation, *, repeat: bool) -> bytes:
    payload = _encoder.encode(observation)
    return _HEADER.pack(len(payload), zlib.crc32(payload), repeat) + payload


def unpack(content: bytes, start: int = 0) -> Iterator[Record]:
    """The records from ``start``, up to the first that is torn or spoilt."""
    at = start
    while at + _HEADER.size <= len(content):
        length, checksum, repeat = _HEADER.unpack_from(content, at)
        end = at + _HEADER.size + length
        if length > MAX_RECORD or end > len(content):
            return
        payload = content[at + _HEADER.size : end]
        if zlib.crc32(payload) != checksum:
            return
        try:
            observation = _decoder.decode(payload)
        except msgspec.DecodeError:
            return
        yield Record(observation=observation, repeat=bool(repeat), end=end)
        at = end


class Segment:
    """Records in one file. Only the newest segment is open for writing."""

    def __init__(self, path: Path) -> None:
        """Reads what is there and cuts off a torn end. Raises OSError."""
        self.path = path
        self.size = 0
        self.read_from = 0
        """Everything before this offset is acknowledged."""
        self.first = self.last = 0
        self.count = self.repeats = 0
        self._file = -1
        content = path.read_bytes() if path.exists() else b""
        for record in unpack(content):
            self._note(record.observation.seq, repeat=record.repeat, end=record.end)
        self.spoilt = len(content) - self.size
        if self.spoilt:
            os.truncate(path, self.size)

    def append(self, observation: Observation, *, repeat: bool) -> None:
        """Whole or not at all. Raises OSError."""
        if self._file < 0:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            self._file = os.open(self.path, flags, 0o600)
        content = pack(observation, repeat=repeat)
        written = 0
        try:
            written = os.write(self._file, content)
        finally:
            if written != len(content):
                with contextlib.suppress(OSError):
                    os.ftruncate(self._file, self.size)
        if written != len(content):
            raise OSError(errno.ENOSPC, "no space for a whole record")
        self._note(observation.seq, repeat=repeat, end=self.size + len(content))

    def records(self) -> Iterator[Record]:
        """Those that are not acknowledged yet. Raises OSError."""
        with self.path.open("rb") as file:
            file.seek(self.read_from)
            content = file.read(self.size - self.read_from)
        for record in unpack(content):
            yield Record(record.observation, record.repeat, record.end + self.read_from)

    def sync(self) -> None:
        if self._file >= 0:
            os.fdatasync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def remove(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)

    def _note(self, seq: int, *, repeat: bool, end: int) -> None:
        self.first = self.first or seq
        self.last = seq
        self.count += 1
        self.repeats += repeat
        self.size = end
