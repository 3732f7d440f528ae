"""The virtual machine as a stage of drills."""

from __future__ import annotations

from drills.machine.in_machine import InMachine
from drills.machine.machine import Machine
from drills.stage import Stage


class MachineStage(Stage):
    """One virtual machine, switched off when the stage is torn down."""

    def __init__(self) -> None:
        super().__init__()
        self._machine: Machine | None = None

    def _build(self) -> InMachine:
        self._machine = Machine()
        self._machine.up()
        return InMachine(self._machine)

    def _clear(self) -> None:
        machine, self._machine = self._machine, None
        if machine:
            machine.down()
