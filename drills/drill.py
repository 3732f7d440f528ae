"""A drill file: what is done, and the diagnosis that it must lead to (which only the judge reads)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from drills import injectors
from drills.injectors.injector import Harm, StageName
from drills.operations import Operation
from drills.step import Step

CATALOGUE = Path(__file__).parent / "catalogue"
UNPROVEN = Path(__file__).parent / "unproven"
"""Drills that have not passed yet: run by path, and moved to the catalogue when they do."""
MACHINE = Path(__file__).parent / "machine"
"""Drills for the virtual machine, which is slow: run by path."""
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
Domain = Literal["hardware", "software", "network", "configuration"]
Type = Literal["hardware_fault", "software_error", "configuration", "network_fault", "capacity"]


class BadDrill(ValueError):
    """A drill file that cannot be used; the text names file and field."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a drill file."""


class Answer(_Table, frozen=True, kw_only=True):
    """A fault on an entity, as a ticket names them."""

    fault: str
    entity: str


class Alternative(Answer, frozen=True, kw_only=True):
    """An equally right answer; of the same class where it names none."""

    domain: Domain | None = None
    type: Type | None = None


class Expected(Answer, frozen=True, kw_only=True):
    """One right ticket."""

    domain: Domain
    type: Type
    seen_by: Literal["host", "network", ""] = ""
    """Whether the host itself sees it, at once, or others find out by asking and missing it."""
    or_: Annotated[tuple[Alternative, ...], msgspec.Meta(description="equally right answers")] = (
        msgspec.field(default=(), name="or")
    )
    because: str = ""
    """Why nothing in the lab separates them."""
    optional: bool = False
    """It may be missing, as for a fault that was gone before anybody could be sure of it."""
    priority: Literal["urgent", "high", "medium", "low"] | None = None
    onset_within: Seconds | None = None
    """The ticket must date the fault so close to the beginning of a harm."""


class Limit(_Table, frozen=True, kw_only=True):
    """How much memory a program may have held, at its most."""

    host: str
    process: str
    megabytes: Annotated[int, msgspec.Meta(gt=0)]


class Drill(_Table, frozen=True, kw_only=True):
    """Harms and what else happens, and what must come of it."""

    title: str
    stage: StageName = "lab"
    """What it is played on: the lab of namespaces, or the virtual machine."""
    prepare: tuple[dict[str, Any], ...] = ()
    """Harms, or rather changes, that are done before the drill begins."""
    learn: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 60.0
    """Seconds that the product has to find out what was prepared."""
    inject: tuple[dict[str, Any], ...] = ()
    """Harms: see ``drills.injectors``."""
    operate: tuple[Operation, ...] = ()
    """What people do with the product meanwhile."""
    expect: Expected | tuple[Expected, ...] = ()
    """One table, or several; none: nothing may be opened."""
    also: tuple[Answer, ...] = ()
    """True collateral that may have a ticket of its own."""
    limit: tuple[Limit, ...] = ()
    inert: tuple[str, ...] = ()
    """Texts of an attacker that must not stand as they are in any report."""
    within: Seconds = 60.0
    """From the last step until the right tickets must stand."""
    hold: Seconds = 8.0
    """How long after that nothing else may be opened; where no ticket is due, from the last step on."""
    resolve_within: Seconds = 120.0
    closed_by: Literal["proof", "people"] = "proof"
    """People: nothing on this machine can prove the repair, so the ticket must wait for somebody."""
    name: str = ""

    @property
    def steps(self) -> list[Step]:
        """Operations before harms of the same moment."""
        return [*self.operate, *injectors.read_all(self.inject, "inject")]

    @property
    def preparations(self) -> list[Harm]:
        return injectors.read_all(self.prepare, "prepare")

    @property
    def expected(self) -> tuple[Expected, ...]:
        return (self.expect,) if isinstance(self.expect, Expected) else self.expect


def load(path: Path) -> Drill:
    """Raises BadDrill, naming file and field."""
    try:
        drill = msgspec.toml.decode(path.read_bytes(), type=Drill)
        _ = drill.steps, drill.preparations
    except (OSError, msgspec.DecodeError) as error:
        raise BadDrill(f"{path}: {error}") from None
    for number, one in enumerate(drill.expected):
        if bool(one.or_) != bool(one.because):
            raise BadDrill(f"{path}: `or` and `because` are given together - at `$.expect[{number}]`")
    for step in (*drill.preparations, *drill.steps):
        if isinstance(step, Harm) and drill.stage not in step.stages:
            what = step.__struct_config__.tag
            raise BadDrill(f"{path}: {what} is not possible on the stage {drill.stage!r} - at `$.stage`")
    return msgspec.structs.replace(drill, name=path.stem)


def catalogue(place: Path = CATALOGUE) -> list[Path]:
    """The drill files below a directory, by name."""
    return sorted(place.rglob("*.toml"), key=lambda path: (path.parent != place, path))
