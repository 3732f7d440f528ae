"""Any harm that a few commands can do on one machine, and the commands that undo it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, ClassVar

import msgspec

from drills.injectors.injector import Harm, StageName
from drills.layout import NAMES
from drills.machine.hardware import NAME
from drills.product import Rootward

HostName = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join([*NAMES, NAME])})$")]
"""A machine of the lab, or the virtual one."""


class Commands(Harm, frozen=True, kw_only=True):
    """For drill files of one's own: whoever writes one decides what runs as root inside the machine."""

    stages: ClassVar[tuple[StageName, ...]] = ("lab", "machine")
    host: HostName
    run: tuple[tuple[str, ...], ...]
    revert: tuple[tuple[str, ...], ...] = ()
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 120.0
    """The longest that one command may take."""

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        host = product.site[self.host]
        for argv in self.run:
            host.run(*argv, timeout=self.seconds)
        yield
        for argv in self.revert:
            host.run(*argv, timeout=self.seconds)
