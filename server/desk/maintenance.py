"""Planned work: inside its window a fault of what is worked on opens no ticket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from rules.diagnosis import Diagnosis
from wire.entity import Entity, host_of
from wire.observation import Moment


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work on ``entity`` is planned between two moments. A host stands for all that is part of it."""

    id: int = 0
    entity: Entity
    starts_at: Moment
    ends_at: Moment
    why: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    actor: str = ""
    created_at: Moment = 0.0
    cancelled_at: Moment | None = None

    def covers(self, entity: Entity) -> bool:
        return entity == self.entity or self.entity == f"host:{host_of(entity)}"


def planned(windows: Iterable[Window], diagnosis: Diagnosis, now: float) -> Window | None:
    """The window that explains the diagnosis: it began inside, on what the work was about.

    What still fails when the window is over is no longer explained by it.
    """
    suspects = {diagnosis.entity, diagnosis.root.entity, *(each.entity for each in diagnosis.members)}
    for window in windows:
        inside = window.starts_at <= diagnosis.onset and window.starts_at <= now <= window.ends_at
        if inside and any(window.covers(entity) for entity in suspects):
            return window
    return None
