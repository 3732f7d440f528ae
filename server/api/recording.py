"""A recording of the last minutes over HTTP: what agents said, and all that is needed to run it again."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Annotated

from litestar import get
from litestar.exceptions import ClientException
from litestar.params import QueryParameter
from litestar.response import Stream

from server.parts import Parts
from server.recording.lines import written
from server.recording.make import Source, make

CHUNK = 64 * 1024
MAX_BYTES = 256 * 1024 * 1024
"""Of a recording, compressed."""


@get(
    "/api/v1/recording",
    summary="What agents said lately, to run it again",
    media_type="application/gzip",
    sync_to_thread=True,
)
def get_recording(parts: Parts, since: Annotated[float, QueryParameter(ge=0, le=1e11)] = 0.0) -> Stream:
    """JSON lines, gzipped, from ``since`` (seconds since 1970-01-01 UTC) or as far back as the log reaches.

    400 where they are more than 256 MiB.
    """
    file = TemporaryFile(dir=parts.config.home)  # noqa: SIM115  # closed by whoever reads it to its end
    try:
        _write(parts, since, file)
    except BaseException:
        file.close()
        raise
    return Stream(_chunks(file), media_type="application/gzip")


def _write(parts: Parts, since: float, file: IO[bytes]) -> None:
    """On disk first: a slow reader must not hold the view of the database."""
    source = Source(
        database=parts.database,
        agents=parts.agents.hosts(),
        told=parts.tasks.history(),
        ends=tuple(parts.pipeline.standing.closed.ends),
        started_at=parts.current.started_at,
        server_host=parts.pipeline.server_host,
    )
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=5, mtime=0) as packed:
        for line in written(make(source, since, parts.now())):
            packed.write(line)
            if file.tell() > MAX_BYTES:
                raise ClientException("the recording is too large; give a later `since`")
    file.seek(0)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


ROUTES = [get_recording]
