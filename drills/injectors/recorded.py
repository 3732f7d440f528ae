"""Harm to hardware that no lab has: what was logged of it elsewhere, where this host logs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drills.injectors.injector import Injector
from drills.kernel_log import append
from drills.lab import Lab
from drills.layout import MachineName
from drills.node import Node


class KernelSays(Injector, frozen=True, kw_only=True):
    """Recorded lines, in the kernel log of the host."""

    host: MachineName
    lines: tuple[str, ...]

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        for line in self.lines:
            append(lab[self.host], line)
        yield


class LogSays(Injector, frozen=True, kw_only=True):
    """Recorded lines, in a log file of the host."""

    host: MachineName
    file: str
    lines: tuple[str, ...]

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node: Node = lab[self.host]
        with node.path(self.file).open("a") as log:
            log.writelines(f"{line}\n" for line in self.lines)
        yield
