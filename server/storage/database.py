"""The open database: the writer for changes, short connections for questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from server.storage.engine import open_reading, open_writing
from server.storage.migrate import upgrade
from server.storage.writer import Writer


class Database:
    """``writer.run(work)`` changes; ``with reading() as connection`` asks."""

    def __init__(
        self,
        path: Path,
        observe: Callable[[float, int], None] = lambda _s, _n: None,
        *,
        durable: bool = True,
    ) -> None:
        self._write_engine = open_writing(path, durable=durable)
        path.touch(mode=0o600)
        upgrade(self._write_engine, path.with_suffix(".lock"))
        self._read_engine = open_reading(path)
        self.writer = Writer(self._write_engine, observe)
        self.writer.start()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view; may be used from any thread."""
        with self._read_engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Commits what waits and lets go of the files."""
        self.writer.stop()
        self._read_engine.dispose()
        self._write_engine.dispose()
