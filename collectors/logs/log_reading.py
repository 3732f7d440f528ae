"""What every source of log lines does with them: match, name the entity, collapse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from collectors.host import Host
from collectors.logs.log_dates import Ages, just_now
from collectors.logs.log_novelty import OPTION as NOVELTY_OPTION
from collectors.logs.log_novelty import NewLine, Novelty
from collectors.logs.log_places import HostPlaces
from collectors.logs.log_signals import NOVEL
from collectors.logs.log_window import LINE, Window
from collectors.logs.log_writers import Writers
from collectors.storage import bad_sectors
from rules.matching.engines import LINE_LIMIT
from rules.matching.entities import NOWHERE, entity_of
from rules.matching.matcher import Matcher, Tally
from rules.matching.signatures import Breadth
from rules.matching.site import with_site
from rules.redaction import redact
from wire.entity import Entity, kind_of
from wire.judgement import Evidence, Judgement, Reason, Verdict

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
    """One source of lines. What is followed for days (``learns``) also tells lines of a new kind."""

    def __init__(self, host: Host, source: str, *, learns: bool = False) -> None:
        self._host = host
        self._source = source
        self._matcher = matcher(host.options.get(CACHE_OPTION, ""), host.options.get(RULES_OPTION, ""))
        self._window = Window(host.ticks)
        self._places = HostPlaces(host)
        self._writers = Writers(host)
        self._forgot_at = host.ticks()
        self._novelty = (
            Novelty(host, source, self._explained)
            if learns and host.options.get(NOVELTY_OPTION, "yes")
            else None
        )
        self._names: dict[str, str] = {}
        self._entities: dict[tuple[object, str], Entity] = {}

    def read(
        self,
        block: bytes,
        author: str | Callable[[int], str] = "",
        urgent: Iterable[int] = (),
        age: Ages = just_now,
    ) -> Iterator[Judgement]:
        """Judge whole lines. ``author``: the path of the file, or the program of the line at an offset.

        ``urgent``: where lines begin whose source calls them a warning or worse. ``age`` of a line.
        """
        told_by, file = (author, "") if callable(author) else (None, author)
        for one in self._matcher.tally(block, told_by):
            if one.signature.signal in bad_sectors.SIGNALS:
                for start in one.starts:
                    bad_sectors.note(self._host, _line(block, start))
            entity = self._entity(one, file)
            written = min(age(block, one.starts[0]), age(block, one.starts[-1]))
            if self._window.repeats(one.signature, entity, one.count, written):
                continue
            hit = self._matcher.hit(one.first)
            service = self._program(one.program, file) if kind_of(entity) == "file" else ""
            judgement = self._window.admit(hit, entity, self._source, one.count, service=service, age=written)
            if judgement is not None:
                yield judgement
        if self._novelty is not None:
            for new in self._novelty.read(block, told_by, file, urgent):
                yield self._novel(new)

    def due(self, *, ended: bool = False) -> list[Judgement]:
        """What repeated itself; to be called now and then, also when no line comes. ``ended``: none will."""
        if self._host.ticks() - self._forgot_at >= FRESH:
            self._forget()
        new = () if self._novelty is None else self._novelty.due()
        return [*self._window.due(ended=ended), *(self._novel(one) for one in new)]

    def _entity(self, one: Tally, file: str) -> Entity:
        """For a second the mounts and names of the machine are taken to stay as they are."""
        key = (one.key, file)
        entity = self._entities.get(key)
        if entity is None:
            if len(self._entities) >= ENTITIES:
                self._forget()
            program = self._program(one.program, file) if "{program}" in one.signature.entity else ""
            hit = self._matcher.hit(one.first)
            entity = self._entities[key] = hit.entity(self._host.name, program, self._places)
        return entity

    def _forget(self) -> None:
        self._entities.clear()
        self._names.clear()
        self._forgot_at = self._host.ticks()

    def _program(self, said: str, file: str) -> str:
        """Who wrote the lines: their own prefix says it best."""
        if not said:
            return self._writers.of_file(file) if file else ""
        name = self._names.get(said)
        if name is None:
            name = self._names[said] = self._writers.of_program(said)
        return name

    def _explained(self, line: bytes) -> bool:
        """A signature says more of the line than that something is wrong."""
        return any(hit.signature.breadth is not Breadth.ANY for hit in self._matcher.scan(line))

    def _novel(self, new: NewLine) -> Judgement:
        program = "" if new.program == "kernel" else self._program(new.program, new.file)
        evidence: Evidence = {
            "line": redact(new.line.rstrip(b"\r").decode("utf-8", "replace"))[:LINE],
            "source": self._source,
        }
        if new.not_told:
            evidence["not_told"] = new.not_told
        return Judgement(
            signal=NOVEL,
            subject=entity_of("service:{host}/{program}", {}, self._host.name, program, NOWHERE),
            verdict=Verdict.WARN,
            reason=Reason.MATCHED,
            evidence=evidence,
        )


def _line(block: bytes, start: int) -> str:
    stop = block.find(b"\n", start, start + LINE_LIMIT)
    return block[start : stop if stop >= 0 else start + LINE_LIMIT].decode("utf-8", "replace")
