"""The virtual machine has the hardware that its drills harm."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from drills.machine import hardware
from drills.machine.hardware import DISKS, JOINED, Files
from drills.machine.line import Line


def words(place: Path) -> list[str]:
    files = Files(kernel=place / "vmlinuz", initrd=place / "initrd", place=place)
    return hardware.command_line(files, 4711, 4712, hardware=False)


def test_each_disk_is_there_under_its_serial_number(tmp_path: Path) -> None:
    devices = [word for word in words(tmp_path) if word.startswith("scsi-hd,")]
    assert [device.rpartition("=")[2] for device in devices] == list(DISKS)


def test_the_network_leads_to_the_server_on_this_machine_and_nowhere_else(tmp_path: Path) -> None:
    assert [word for word in words(tmp_path) if word.startswith("user,")] == [
        f"user,id=outside,restrict=on,guestfwd=tcp:10.0.2.100:8470-cmd:{sys.executable} -I -S {JOINED} 4711"
    ]


def test_without_help_of_the_processor_the_machine_is_emulated(tmp_path: Path) -> None:
    told = words(tmp_path)
    assert told[told.index("-accel") + 1] == "tcg"


@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86 is not installed")
def test_the_emulator_knows_every_part(tmp_path: Path) -> None:
    """It refuses an unknown device or option before anything of the machine runs."""
    for name in ("root.qcow2",):
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(tmp_path / name), "1M"], check=True)
    for name in (*DISKS, "nvme", "product"):
        (tmp_path / f"{name}.img").write_bytes(bytes(1 << 20))
    files = Files(kernel=Path("vmlinuz"), initrd=Path("initrd"), place=tmp_path)
    argv = hardware.command_line(files, 0, 9, hardware=False)
    boot = {"-kernel", "-initrd", "-append"}
    kept = [word for at, word in enumerate(argv) if not ({word, argv[at - 1]} & boot)]
    process = subprocess.Popen([*kept, "-S"], stderr=subprocess.PIPE, text=True)
    try:
        line = Line(files.monitor, 100)
        line.ask("qmp_capabilities")
        assert line.ask("query-status")["status"] == "prelaunch"
        line.close()
    finally:
        process.kill()
        process.communicate()
