"""A step of a drill: something that is done at a moment, lasts for a while, and is undone."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import Annotated

import msgspec

from drills.product import Rootward

Moment = Annotated[float, msgspec.Meta(ge=0, le=3600)]


def _snake(name: str) -> str:
    """``CablePulled`` → ``cable_pulled``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag=_snake):
    """``do = "<name>"`` in a drill file, with its parameters beside it."""

    after: Moment = 0.0
    """Seconds from the beginning of the drill."""
    revert_after: Moment | None = None
    """Seconds for which it lasts. None: until the judge has seen enough."""

    def on(self, product: Rootward) -> AbstractContextManager[None]:
        """Does it, and undoes it when the context ends well; after an error the lab is rebuilt.

        Raises NotPossible, before it has done anything, where this machine cannot.
        """
        raise NotImplementedError
