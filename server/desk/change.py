"""What people or their tools changed on purpose: told in reports, but no evidence of a fault."""

from __future__ import annotations

from typing import Annotated

import msgspec

from wire.entity import Entity, host_of
from wire.observation import Moment


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something of ``entity`` was changed. A host stands for all that is part of it."""

    id: int = 0
    entity: Entity
    what: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    at: Moment
    actor: str
    told_at: Moment
    """When it was made known, which may be later."""

    def concerns(self, entity: Entity, hosts: tuple[str, ...]) -> bool:
        """Whether it belongs into the story of a fault of ``entity`` that these hosts saw."""
        return self.entity == entity or host_of(self.entity) in {*hosts, host_of(entity)} - {""}
