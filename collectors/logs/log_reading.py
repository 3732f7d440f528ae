"""What every source of log lines does with them: match, name the entity, collapse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from collectors.host import Host
from collectors.logs.log_places import HostPlaces
from collectors.logs.log_window import Window
from collectors.logs.log_writers import Writers
from collectors.storage import bad_sectors
from rules.matching.engines import LINE_LIMIT
from rules.matching.matcher import Matcher, Tally
from rules.matching.site import with_site
from wire.entity import Entity
from wire.judgement import Judgement

CACHE_OPTION = "log.cache"
"""Host option: the folder that keeps the compiled signatures; empty: compile at each start."""
RULES_OPTION = "log.rules"
"""Host option: the folder of a site's own signatures; empty: none."""

ENTITIES = 4096
FRESH = 1.0
"""Seconds."""


@cache
def matcher(folder: str, rules: str = "") -> Matcher:
    """One for all sources of this process: the compiled patterns are its largest part.

    Raises BadRule for site rules that cannot be used.
    """
    return Matcher(with_site(Path(rules) if rules else None), Path(folder) if folder else None)


class Reader:
    """One source of lines."""

    def __init__(self, host: Host, source: str) -> None:
        self._host = host
        self._source = source
        self._matcher = matcher(host.options.get(CACHE_OPTION, ""), host.options.get(RULES_OPTION, ""))
        self._window = Window(host.ticks)
        self._places = HostPlaces(host)
        self._writers = Writers(host)
        self._forgot_at = host.ticks()
        self._names: dict[str, str] = {}
        self._entities: dict[tuple[object, str], Entity] = {}

    def read(self, block: bytes, author: str | Callable[[int], str] = "") -> Iterator[Judgement]:
        """Judge whole lines. ``author``: the path of the file, or the program of the line at an offset."""
        for one in self._matcher.tally(block, author if callable(author) else None):
            if one.signature.signal in bad_sectors.SIGNALS:
                for start in one.starts:
                    bad_sectors.note(self._host, _line(block, start))
            entity = self._entity(one, author if isinstance(author, str) else "")
            if self._window.repeats(one.signature, entity, one.count):
                continue
            hit = self._matcher.hit(one.first)
            judgement = self._window.admit(hit, entity, self._source, one.count)
            if judgement is not None:
                yield judgement

    def due(self) -> list[Judgement]:
        """What repeated itself; to be called now and then, also when no line comes."""
        if self._host.ticks() - self._forgot_at >= FRESH:
            self._forget()
        return self._window.due()

    def _entity(self, one: Tally, file: str) -> Entity:
        """For a second the mounts and names of the machine are taken to stay as they are."""
        key = (one.key, file)
        entity = self._entities.get(key)
        if entity is None:
            if len(self._entities) >= ENTITIES:
                self._forget()
            program = self._program(one, file) if "{program}" in one.signature.entity else ""
            hit = self._matcher.hit(one.first)
            entity = self._entities[key] = hit.entity(self._host.name, program, self._places)
        return entity

    def _forget(self) -> None:
        self._entities.clear()
        self._names.clear()
        self._forgot_at = self._host.ticks()

    def _program(self, one: Tally, file: str) -> str:
        """Who wrote the lines: their own prefix says it best."""
        if not one.program:
            return self._writers.of_file(file) if file else ""
        name = self._names.get(one.program)
        if name is None:
            name = self._names[one.program] = self._writers.of_program(one.program)
        return name


def _line(block: bytes, start: int) -> str:
    stop = block.find(b"\n", start, start + LINE_LIMIT)
    return block[start : stop if stop >= 0 else start + LINE_LIMIT].decode("utf-8", "replace")
