"""The body of a request, bounded before and after it is unpacked."""

from __future__ import annotations

import zlib

GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31  # zlib: the window is the largest, and the header is gzip's


class Refused(Exception):
    """A request that is answered with an error. Nothing of it was kept."""

    def __init__(self, status: int, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.outcome = outcome
        """The reason, as the metric calls it."""
        self.detail = detail


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """JSON out of a plain or gzipped body. Never makes more than ``limit`` bytes of it."""
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise Refused(415, "encoding", f"Content-Encoding {encoding[:32]!r} is not known; send gzip or none")
    return gunzip(body, limit)


def gunzip(body: bytes, limit: int) -> bytes:
    """Raises Refused for what is broken, or would be larger than ``limit``."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error:
        raise Refused(400, "gzip", "the body is not valid gzip") from None
    if len(plain) > limit:
        raise Refused(
            413, "too_large", f"the unpacked body is larger than {limit} bytes; send smaller batches"
        )
    if not unpacker.eof or unpacker.unused_data:
        raise Refused(400, "gzip", "the gzip body is cut short, or something follows it")
    return plain


def stored(body: bytes, limit: int) -> bytes:
    """JSON out of a body as the batch log holds it."""
    return gunzip(body, limit) if body.startswith(GZIP_MAGIC) else body
