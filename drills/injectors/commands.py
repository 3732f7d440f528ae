"""Any harm that a few commands can do on one machine, and the commands that undo it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drills.injectors.injector import Injector
from drills.lab import Lab
from drills.layout import MachineName


class Commands(Injector, frozen=True, kw_only=True):
    """For drill files of one's own: whoever writes one decides what runs as root inside the lab's machine."""

    host: MachineName
    run: tuple[tuple[str, ...], ...]
    revert: tuple[tuple[str, ...], ...] = ()

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        for argv in self.run:
            lab[self.host].run(*argv)
        yield
        for argv in self.revert:
            lab[self.host].run(*argv)
