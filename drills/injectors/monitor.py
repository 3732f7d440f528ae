"""Harm to the hardware of the virtual machine, done by the programs that play it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import msgspec

from drills.errors import LabError, NotPossible
from drills.injectors.injector import Harm, StageName
from drills.machine.machine import Machine
from drills.product import Rootward

BY_HAND = "human-monitor-command"
REFUSED = ("Error", "error", "unknown command", "Could not", "invalid", "Invalid")


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command of QEMU's machine protocol (QMP)."""

    execute: str
    arguments: dict[str, Any] = {}


class Monitor(Harm, frozen=True, kw_only=True):
    """Any harm that the monitor of QEMU can do: unplug, switch a sensor, report an error of the hardware."""

    stages: ClassVar[tuple[StageName, ...]] = ("machine",)
    run: tuple[Request, ...]
    revert: tuple[Request, ...] = ()

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        machine = machine_of(product)
        tell(machine, self.run)
        yield
        tell(machine, self.revert)


class SensorReads(Harm, frozen=True, kw_only=True):
    """A sensor of the board reads something else than usual."""

    stages: ClassVar[tuple[StageName, ...]] = ("machine",)
    sensor: str
    value: int

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        board = machine_of(product).board
        board.reads(self.sensor, self.value)
        yield
        board.reads(self.sensor)


class MachineReset(Harm, frozen=True, kw_only=True):
    """Somebody presses the button; it lasts until the machine is up again."""

    stages: ClassVar[tuple[StageName, ...]] = ("machine",)

    @contextmanager
    def on(self, product: Rootward) -> Iterator[None]:
        machine_of(product).reset()
        yield


def machine_of(product: Rootward) -> Machine:
    """Raises NotPossible where the product is in no virtual machine."""
    if not isinstance(product.site, Machine):
        raise NotPossible("only the virtual machine can do this")
    return product.site


def tell(machine: Machine, requests: Iterable[Request]) -> None:
    """Raises LabError for what is refused, by words of the people's monitor too."""
    for one in requests:
        said = machine.monitor(one.execute, **one.arguments)
        if one.execute == BY_HAND and any(word in str(said) for word in REFUSED):
            raise LabError(f"{one.arguments.get('command-line')}: {str(said).strip()}")
