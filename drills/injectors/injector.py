"""What every injector is: typed parameters, and a harm that lasts as long as its context."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager

import msgspec

from drills.lab import Lab


def _snake(name: str) -> str:
    """``CablePulled`` → ``cable_pulled``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Injector(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag=_snake
):
    """``do = "<name>"`` in a drill file, with its parameters beside it."""

    def harm(self, lab: Lab) -> AbstractContextManager[None]:
        """Does the harm, and undoes it when the context ends well; after an error the lab is rebuilt.

        Raises NotPossible, before it has done anything, where this machine cannot.
        """
        raise NotImplementedError
