"""One pass through the stages: what came in, what each stage made of it, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import msgspec

from rules.diagnosis import Diagnosis
from server.desk.draft import Draft
from server.entry import Applied


class Decision(msgspec.Struct, frozen=True):
    """What a stage decided of something, and the reason; log, metric and report take it from here."""

    stage: str
    reason: StrEnum
    about: str


@dataclass
class Turn:
    now: float
    arrived: list[Applied]
    draft: Draft
    restored: tuple[str, ...] = ()
    """Hosts of which was known before the server was started; in its first turn alone."""
    diagnoses: list[Diagnosis] = field(default_factory=list)
    ripe: dict[tuple[str, str], StrEnum] = field(default_factory=dict)
    """Roots about which a ticket may be opened now, with the reason."""
    decisions: list[Decision] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """Hosts whose inventory is new to the stages, in order."""
        arrived = {one.inventory.host for one in self.arrived if one.inventory is not None}
        return sorted(arrived.union(self.restored))

    @property
    def gone(self) -> list[str]:
        """Hosts that were taken out of the site."""
        return [one.host for one in self.arrived if one.gone]

    def decide(self, stage: str, reason: StrEnum, about: str) -> None:
        self.decisions.append(Decision(stage, reason, about))


class Stage(Protocol):
    """One step of the way; it reads and extends the turn."""

    name: str

    def run(self, turn: Turn) -> None: ...


def root_of(diagnosis: Diagnosis) -> tuple[str, str]:
    """(fault, entity) that the ticket is about, and that no two open tickets may share.

    Of a class whose members cannot be told apart, the member that is what they have in common: of a dead
    host and its cut cable, the host.
    """
    for member in (diagnosis.root, *diagnosis.members):
        if member.entity == diagnosis.entity:
            return (member.fault, member.entity)
    return (diagnosis.root.fault, diagnosis.root.entity)
