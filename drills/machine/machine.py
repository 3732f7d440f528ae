"""One virtual machine: switched on, used, reset and switched off."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from drills.command import run
from drills.errors import LabError
from drills.machine import hardware, installed, volumes
from drills.machine.board import Board
from drills.machine.guest import Guest
from drills.machine.hardware import DISK_MEGABYTES, DISKS, NAME, Files
from drills.machine.image import image
from drills.machine.line import Line

BOOTING = 600.0
"""Emulated without the processor's help, on a machine that does other work too."""


class Machine:
    """A site of one host. ``up`` builds it; whoever made it calls ``down``, also after a failure."""

    def __init__(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="rootward-machine-"))
        self.port = free_port()
        """Of this machine's loopback; where the virtual one finds the server."""
        self._board_port = free_port()
        self.board = Board(self.place, self._board_port)
        self._process: subprocess.Popen[bytes] | None = None
        self._monitor: Line | None = None
        self._guest: Guest | None = None

    def __getitem__(self, name: str) -> Guest:
        if name != NAME or self._guest is None:
            raise LabError(f"the only machine is {NAME}" if self._guest else "the machine is not up")
        return self._guest

    @property
    def boot_id(self) -> str:
        return self[NAME].read("/proc/sys/kernel/random/boot_id").decode().strip()

    def up(self) -> None:
        """Raises LabError, with the last words of its console, when it does not come up."""
        made = image()
        files = Files(kernel=made.kernel, initrd=made.initrd, place=self.place)
        run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(made.root), "-F", "raw", str(files.root)])
        for name in (*DISKS, "nvme"):
            run(["truncate", f"--size={DISK_MEGABYTES}M", str(files.disk(name))])
        installed.disk(files.product)
        self.board.up()
        argv = hardware.command_line(files, self.port, self._board_port, hardware=hardware.has_hardware())
        with (self.place / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._monitor = Line(files.monitor)
            self._monitor.ask("qmp_capabilities")
            self._guest = Guest(NAME, files.agent)
            self._guest.wait(BOOTING)
            installed.mount(self._guest)
            volumes.make(self._guest)
        except LabError as error:
            raise LabError(f"{error}; {self.last_words()}") from None

    def last_words(self) -> str:
        said = [path for name in ("qemu.log", "console.log") if (path := self.place / name).exists()]
        return "; ".join(path.read_text(errors="replace").strip()[-1000:] for path in said)

    def monitor(self, command: str, **arguments: object) -> Any:
        """A command of QEMU's machine protocol. Raises LabError."""
        if self._monitor is None:
            raise LabError("the machine is not up")
        return self._monitor.ask(command, arguments)

    def reset(self) -> None:
        """As by its button, and until it is up again."""
        before = self.boot_id
        self.monitor("system_reset")
        until = time.monotonic() + BOOTING
        self[NAME].wait(BOOTING)
        while self.boot_id == before:  # the old one answered once more
            if time.monotonic() > until:
                raise LabError(f"{NAME} was not reset")
            time.sleep(1)
            self[NAME].wait(BOOTING)

    def down(self) -> None:
        for line in (self._guest, self._monitor):
            if line:
                line.close()
        self._guest = self._monitor = None
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.board.down()
        shutil.rmtree(self.place, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
