"""What the values of a Prometheus text endpoint should be: knowledge of exporters, one TOML file each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from rules.catalogue import BadRule
from wire.judgement import Reason

HERE = Path(__file__).parent / "metrics"
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$", max_length=200)]
Labels = dict[str, str]
"""Label → value, or a pattern as of file names; ``!`` before it means any other."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file."""


class Expectation(_Table, frozen=True, kw_only=True):
    """One value, or the share that one is of another, and the bound that it must keep.

    Series are summed (or as ``take`` says) for each combination of the labels in ``by``; the worst of these
    sums counts. There are no conditions: what needs one is judged by a unit of its own.
    """

    id: str
    metric: tuple[Name, ...]
    """Its names in different versions; where several are there they are added."""
    labels: Labels = {}
    share_of: tuple[Name, ...] = ()
    """Divide by the sum of these."""
    share_labels: Labels = {}
    by: tuple[str, ...] = ()
    take: Literal["sum", "max", "min"] = "sum"
    per_minute: bool = False
    """Counters: how much they grow in a minute (also before the division)."""
    ago: bool = False
    """A moment in seconds since the epoch: how long ago it was; one of 0 never was."""
    above: float | None = None
    below: float | None = None
    least: float = 0.0
    """With ``share_of``: smaller divisors tell nothing."""
    signal: str = "app.metric"
    reason: Reason = Reason.ERRORS
    """``high`` only warns."""


class Source(_Table, frozen=True, kw_only=True):
    """Who serves such values on a host, and where."""

    programs: tuple[str, ...] = ()
    ports: tuple[Annotated[int, msgspec.Meta(ge=1, le=65535)], ...] = ()
    path: str = "/metrics"
    only: bool = False
    """The program may serve anything: only these ports are asked."""


class Sheet(_Table, frozen=True, kw_only=True):
    """One file."""

    source: tuple[Source, ...] = ()
    expect: tuple[Expectation, ...] = ()


def load_sheets(root: Path = HERE) -> dict[str, Sheet]:
    """By file name. Raises BadRule for a file that does not parse, an id given twice, a bound too many."""
    sheets: dict[str, Sheet] = {}
    ids: set[str] = set()
    for path in sorted(root.glob("*.toml")):
        try:
            sheet = msgspec.toml.decode(path.read_bytes(), type=Sheet)
        except msgspec.DecodeError as error:
            raise BadRule(f"{path.name}: {error}") from None
        for each in sheet.expect:
            if each.id in ids:
                raise BadRule(f"{path.name}: {each.id} is given twice")
            ids.add(each.id)
            check(each, path.name)
        sheets[path.stem] = sheet
    return sheets


def check(each: Expectation, where: str) -> None:
    """Raises BadRule."""
    if (each.above is None) == (each.below is None):
        raise BadRule(f"{where}: {each.id} needs one of above and below")
    if each.reason in (Reason.OK, Reason.INTERNAL):
        raise BadRule(f"{where}: {each.id} cannot end in {each.reason}")


def names_of(expectations: Sequence[Expectation]) -> frozenset[str]:
    """Metrics that are worth reading at all."""
    return frozenset(name for each in expectations for name in (*each.metric, *each.share_of))
