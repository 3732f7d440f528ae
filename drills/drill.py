"""A drill file: the harm to do, and the diagnosis it must lead to (which only the judge reads)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from drills import injectors
from drills.injectors.injector import Injector

CATALOGUE = Path(__file__).parent / "catalogue"
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class BadDrill(ValueError):
    """A drill file that cannot be used; the text names file and field."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a drill file."""


class Answer(_Table, frozen=True, kw_only=True):
    """A fault on an entity, as a ticket names them."""

    fault: str
    entity: str


class Expected(Answer, frozen=True, kw_only=True):
    """The one right ticket."""

    domain: Literal["hardware", "software", "network", "configuration"]
    type: Literal["hardware_fault", "software_error", "configuration", "network_fault", "capacity"]
    seen_by: Literal["host", "network"]
    """Whether the host itself sees it, at once, or others find out by asking and missing it."""
    or_: Annotated[tuple[Answer, ...], msgspec.Meta(description="equally right answers")] = msgspec.field(
        default=(), name="or"
    )
    because: str = ""
    """Why nothing in the lab separates them."""


class Drill(_Table, frozen=True, kw_only=True):
    """One harm, or none, and what must come of it."""

    title: str
    inject: tuple[dict[str, Any], ...] = ()
    expect: Expected | None = None
    """None: nothing may be opened."""
    also: tuple[Answer, ...] = ()
    """True collateral that may have a ticket of its own."""
    within: Seconds = 60.0
    """Until the right ticket stands."""
    hold: Seconds = 8.0
    """How long after that nothing else may be opened; of a drill without harm, its whole length."""
    resolve_within: Seconds = 120.0
    name: str = ""

    @property
    def steps(self) -> list[Injector]:
        return [injectors.read(table) for table in self.inject]


def load(path: Path) -> Drill:
    """Raises BadDrill, naming file and field."""
    try:
        drill = msgspec.toml.decode(path.read_bytes(), type=Drill)
        _ = drill.steps
    except (OSError, msgspec.DecodeError) as error:
        raise BadDrill(f"{path}: {error}") from None
    if drill.expect and bool(drill.expect.or_) != bool(drill.expect.because):
        raise BadDrill(f"{path}: further answers and their `because` are given together")
    return msgspec.structs.replace(drill, name=path.stem)


def catalogue() -> list[Path]:
    return sorted(CATALOGUE.glob("*.toml"))
