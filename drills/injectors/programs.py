"""Harm by programs that run as long as the harm lasts: greedy ones of the lab's own, or any other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from drills.injectors.injector import Injector
from drills.injectors.machine import hog
from drills.lab import Lab
from drills.layout import MachineName
from drills.node import Service


class Hogs(Injector, frozen=True, kw_only=True):
    """A program that uses up one thing: drills/programs/ tells the kinds and their arguments."""

    host: MachineName
    kind: str
    args: tuple[str, ...] = ()
    process: str = "reportd"
    program: Literal["hog", "traffic"] = "hog"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        hog(node, self.kind, self.process, *self.args, program=self.program)
        yield
        while node.kill(self.process):  # one that forks may have been faster
            pass


class Runs(Injector, frozen=True, kw_only=True):
    """A program that should not run, or not so."""

    host: MachineName
    process: str
    """Its name in the process table, by which it is ended."""
    argv: tuple[str, ...]
    user: str = ""

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node = lab[self.host]
        name = self.process
        node.start(Service(name=name, argv=self.argv, user=self.user, log=f"/var/log/{name}.console"))
        yield
        node.kill(name)
