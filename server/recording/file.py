"""A recording on disk, gzipped or plain."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from server.ingest.body import GZIP_MAGIC
from server.recording.lines import BadRecording, Line, read_lines


def read_recording(path: Path) -> Iterator[Line]:
    """Its lines, one at a time. Raises BadRecording, and OSError for a file that cannot be read."""
    with path.open("rb") as raw:
        packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        raw.seek(0)
        file = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
        try:
            yield from read_lines(file)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise BadRecording(f"the gzipped file is broken: {error}") from None
