"""Sends recorded output through the collector of its kind: the same parser, the same judge."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any, TypeAlias

import collectors
from agent.offline import pasted
from agent.units.finding import modules
from collectors.host import JSON, Host
from collectors.source import ANY, Source, TreeSource
from wire.judgement import Judgement

NOWHERE = "/dev/null"
"""As a root: there is no file below it, so that only the recording speaks."""
AnySource: TypeAlias = "Source[Any] | TreeSource[Any]"
Read: TypeAlias = "tuple[dict[str, JSON], list[Judgement]]"
"""The facts, and what was judged by them."""


class NotThatKind(Exception):
    """No source of the kind accepts the text; says why."""


class Replay:
    """All sources by kind, found as the units are. Raises BadUnit for a module that does not import."""

    def __init__(self, package: ModuleType = collectors) -> None:
        self._sources: dict[str, list[AnySource]] = {}
        for module in modules(package):
            for source in _declared(module):
                for kind in source.kinds:
                    self._sources.setdefault(_plain(kind), []).append(source)

    @property
    def kinds(self) -> list[str]:
        return sorted(self._sources.keys() - {ANY})

    def text(self, kind: str, raw: bytes, host: Host) -> Read:
        """Of the first source that accepts the text, as it was pasted or as it is. Raises NotThatKind."""
        reasons: list[str] = []
        own = [source for source in self._of(kind) if isinstance(source, Source)]
        if not own:
            raise NotThatKind(f"{kind} is read from a tree: give --root")
        for text in dict.fromkeys((pasted.without(raw), raw)):
            if (read := _first(own, text, host, reasons)) is not None:
                return read
        whatever = [source for source in self._sources.get(ANY, []) if isinstance(source, Source)]
        if (read := _first(whatever, raw, host, reasons)) is not None:
            return _empty(own) | read[0], read[1]
        raise NotThatKind("; ".join(dict.fromkeys(reasons)))

    def tree(self, kind: str, host: Host) -> Iterator[Read]:
        """The same for what the tree holds of one kind, or of every kind where it is empty."""
        told: list[AnySource] = []
        for name in [kind] if kind else self.kinds:
            for source in self._of(name):
                if isinstance(source, TreeSource) and source not in told:
                    told.append(source)
                    facts = source.gather(host)
                    if facts is not None:
                        yield source.facts(facts), list(source.judge(facts, host))

    def _of(self, kind: str) -> list[AnySource]:
        try:
            return self._sources[_plain(kind)]
        except KeyError:
            raise NotThatKind(f"no collector reads {kind}; --kinds lists what can be read") from None


def _first(sources: list[Source[Any]], raw: bytes, host: Host, reasons: list[str]) -> Read | None:
    """What the first that accepts it makes of it; why the others do not is added to the reasons."""
    for source in sources:
        try:
            facts = source.parse(raw)
        except ValueError as error:
            reasons.append(str(error))
        else:
            return source.facts(facts), list(source.judge(facts, host))
    return None


def _empty(sources: list[Source[Any]]) -> dict[str, JSON]:
    """The facts of a listing of this kind without a row, where it has such a form."""
    return next((one.facts(one.nothing) for one in sources if one.nothing is not None), {})


def _plain(kind: str) -> str:
    return kind.strip().lower().replace("-", "_").replace(" ", "_")


def _declared(module: ModuleType) -> list[AnySource]:
    """Another thing may be called SOURCE, such as what log lines come from."""
    found = (getattr(module, "SOURCE", None), *getattr(module, "SOURCES", ()))
    return [one for one in found if isinstance(one, Source | TreeSource)]
