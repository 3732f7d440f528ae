"""A FUSE server that takes every request and answers none: who asks cannot even be killed."""

import ctypes
import os
import select
import struct
import threading
from pathlib import Path

import pytest

INIT = 26
MS_PRIVATE = 1 << 18
_IN = struct.Struct("<IIQ")
"""struct fuse_in_header: length, operation, number."""
_OUT = struct.Struct("<IiQ")
_STARTED = struct.Struct("<IIIIHHIIHHI28x")
"""struct fuse_init_out of protocol 7.31."""


class Swallowing:
    """One mount, from its making to ``close``, which lets go of all who wait."""

    def __init__(self, point: Path) -> None:
        if os.geteuid() != 0 or not Path("/dev/fuse").exists():
            pytest.skip("a FUSE mount needs root and /dev/fuse")
        point.mkdir()
        self._hidden = os.fsencode(point)
        """A private mount: what is mounted below it is not seen by the machine's other namespaces."""
        _mount(b"none", self._hidden, b"tmpfs", 0, b"")
        _mount(b"none", self._hidden, b"", MS_PRIVATE, b"")
        self.point = str(point / "mount")
        Path(self.point).mkdir()
        self._device = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0".encode()
        _mount(b"nobody", os.fsencode(self.point), b"fuse.swallowing", 0, options)
        self._ending, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._device, self._ending], [], [])
            if self._ending in ready:
                return
            try:
                request = os.read(self._device, 1 << 20)
            except OSError:
                continue
            _, operation, number = _IN.unpack_from(request)
            if operation == INIT:
                body = _STARTED.pack(7, 31, 65536, 0, 12, 9, 65536, 1, 16, 0, 0)
                os.write(self._device, _OUT.pack(_OUT.size + len(body), 0, number) + body)

    def close(self) -> None:
        if self._end < 0:
            return
        os.write(self._end, b"x")
        self._thread.join()
        for descriptor in (self._device, self._end, self._ending):
            os.close(descriptor)
        self._end = -1
        for point in (os.fsencode(self.point), self._hidden):
            ctypes.CDLL(None).umount2(point, 2)


def _mount(source: bytes, point: bytes, kind: bytes, flags: int, options: bytes) -> None:
    if ctypes.CDLL(None, use_errno=True).mount(source, point, kind, flags, options):
        pytest.skip(f"no {kind.decode()} mount here: {os.strerror(ctypes.get_errno())}")
