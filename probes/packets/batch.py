"""Many datagrams per system call: sendmmsg(2), recvmmsg(2), with the kernel's receive time of each.

Laid out for 64-bit Linux.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Sequence

SO_TIMESTAMPNS = 35
_NAME, _CONTROL, _DATA = 32, 32, 96
STRIDE = _NAME + _CONTROL + _DATA
"""One received datagram: socket address, time stamp message, data."""
_SLOTS = 256


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """struct mmsghdr."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iov_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("_padding", ctypes.c_int),
        ("length", ctypes.c_uint),
    )


_libc = ctypes.CDLL(None, use_errno=True)
_sendmmsg, _recvmmsg = _libc.sendmmsg, _libc.recvmmsg
_sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
_recvmmsg.argtypes = (*_sendmmsg.argtypes, ctypes.c_void_p)


def sockaddr(address: str) -> bytes:
    """A sockaddr_in or sockaddr_in6, port 0. Raises OSError for what is no address."""
    if ":" not in address:
        return struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_pton(socket.AF_INET, address))
    bare, _, scope = address.partition("%")
    index = socket.if_nametoindex(scope) if scope else 0
    packed = socket.inet_pton(socket.AF_INET6, bare)
    return struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, packed, index)


class Outgoing:
    """One packet for many addresses: the same bytes to each of them."""

    def __init__(self, addresses: Sequence[str], size: int) -> None:
        self._count = len(addresses)
        self._packet = ctypes.create_string_buffer(size)
        self._iovec = _Iovec(ctypes.addressof(self._packet), size)
        names = [sockaddr(address) for address in addresses]
        step = len(names[0]) if names else 0
        self._names = ctypes.create_string_buffer(b"".join(names), max(1, step * self._count))
        self._headers = (_Header * self._count)()
        first = ctypes.addressof(self._names)
        iov = ctypes.addressof(self._iovec)
        for number, header in enumerate(self._headers):
            header.name, header.name_length = first + number * step, step
            header.iov, header.iov_length = iov, 1

    def __len__(self) -> int:
        return self._count

    def fill(self, packet: bytes) -> None:
        ctypes.memmove(self._packet, packet, len(packet))

    def send(self, sock: socket.socket, start: int, count: int) -> int:
        """How many left. Raises OSError when the first of them could not."""
        at = ctypes.addressof(self._headers) + start * ctypes.sizeof(_Header)
        sent = int(_sendmmsg(sock.fileno(), at, min(count, self._count - start), 0))
        if sent < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return sent


class Incoming:
    """Room for a few datagrams, read in one call and left in place: nothing is copied per datagram."""

    def __init__(self) -> None:
        self._room = bytearray(STRIDE * _SLOTS)
        self.view = memoryview(self._room)
        self._pinned = (ctypes.c_char * len(self._room)).from_buffer(self._room)
        base = ctypes.addressof(self._pinned)
        self._iovecs = (_Iovec * _SLOTS)()
        self._headers = (_Header * _SLOTS)()
        for number in range(_SLOTS):
            at = base + number * STRIDE
            self._iovecs[number] = _Iovec(at + _NAME + _CONTROL, _DATA)
            iov = ctypes.addressof(self._iovecs) + number * ctypes.sizeof(_Iovec)
            self._headers[number] = _Header(at, _NAME, iov, 1, at + _NAME, _CONTROL)
        # The kernel overwrites the lengths in the headers: they are put back before each call.
        self._fresh = bytes(self._headers)

    def receive(self, sock: socket.socket) -> int:
        """How many datagrams now stand in ``view``, one per STRIDE; 0 when none waited.

        Raises OSError for a pending error of the socket.
        """
        ctypes.memmove(self._headers, self._fresh, len(self._fresh))
        got = int(
            _recvmmsg(sock.fileno(), ctypes.addressof(self._headers), _SLOTS, socket.MSG_DONTWAIT, None)
        )
        if got >= 0:
            return got
        code = ctypes.get_errno()
        if code in (11, 4):  # EAGAIN, EINTR
            return 0
        raise OSError(code, os.strerror(code))

    @property
    def slots(self) -> int:
        return _SLOTS
