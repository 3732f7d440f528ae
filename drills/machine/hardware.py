"""What the virtual machine is made of, as the command line of QEMU."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

NAME = "vm1"
"""As drill files name it."""
SERVER = "10.0.2.100"
"""What the virtual machine calls the central server, which runs on this one: all that its card leads to."""
PORT = 8470
JOINED = Path(__file__).parent.parent / "programs" / "joined.py"
DISKS = ("disk1", "disk2", "disk3")
"""SCSI disks, by serial number."""
DISK_MEGABYTES = 128
CARDS = ("slave1", "slave2")
"""Two cards for one bond, plugged into one hub, on which nobody else is. One that is alone there can send
nothing, and is told as hung once its queue is full."""
MEMORY = 1536
EMULATED = "Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid"
"""The least of QEMU's processors with AVX2, so that it takes the signatures that were compiled here, if
here is nothing wider; without what the emulation lacks.
"""


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Where one virtual machine has its things."""

    kernel: Path
    initrd: Path
    place: Path
    """Its own directory: disks, sockets, console."""

    @property
    def monitor(self) -> Path:
        return self.place / "monitor"

    @property
    def agent(self) -> Path:
        return self.place / "agent"

    @property
    def terminal(self) -> Path:
        """Where a person gets in, as root."""
        return self.place / "terminal"

    @property
    def console(self) -> Path:
        return self.place / "console.log"

    @property
    def root(self) -> Path:
        return self.place / "root.qcow2"

    @property
    def product(self) -> Path:
        return self.place / "product.img"

    def disk(self, name: str) -> Path:
        return self.place / f"{name}.img"


def command_line(files: Files, port: int, board: int, *, hardware: bool) -> list[str]:
    """``port``, ``board``: of this machine's loopback, where the server and the management controller are.

    ``hardware``: with KVM.
    """
    return [
        *("qemu-system-x86_64", "-name", NAME, "-nodefaults", "-display", "none", "-no-user-config"),
        *_processor(hardware=hardware),
        *("-kernel", str(files.kernel), "-initrd", str(files.initrd)),
        *("-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off panic=5 quiet"),
        *("-chardev", f"socket,id=terminal,path={files.terminal},server=on,wait=off,logfile={files.console}"),
        *("-serial", "chardev:terminal"),
        *("-qmp", f"unix:{files.monitor},server=on,wait=off"),
        *_agent(files),
        *_disks(files),
        *_nvme(files),
        *("-chardev", f"socket,id=board,host=127.0.0.1,port={board},reconnect=1"),
        *("-device", "ipmi-bmc-extern,id=bmc,chardev=board", "-device", "isa-ipmi-kcs,bmc=bmc"),
        *_network(port),
        *("-drive", f"if=none,id=product,file={files.product},format=raw,readonly=on"),
        *("-device", "virtio-blk-pci,drive=product"),
    ]


def has_hardware() -> bool:
    """Whether KVM runs on the processor itself; where it only emulates, QEMU's own emulation does more."""
    flags = Path("/proc/cpuinfo").read_text().split()
    return ("vmx" in flags or "svm" in flags) and os.access("/dev/kvm", os.R_OK | os.W_OK)


def _processor(*, hardware: bool) -> tuple[str, ...]:
    # Two emulated ones would wait for each other.
    accelerator, kind, count = ("kvm", "host", "2") if hardware else ("tcg", EMULATED, "1")
    return ("-machine", "q35", "-accel", accelerator, "-cpu", kind, "-smp", count, "-m", str(MEMORY))


def _agent(files: Files) -> tuple[str, ...]:
    return (
        *("-device", "virtio-serial-pci"),
        *("-chardev", f"socket,id=agent,path={files.agent},server=on,wait=off"),
        *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
    )


def _disks(files: Files) -> list[str]:
    words = [
        *("-drive", f"if=none,id=root,file={files.root},format=qcow2,cache=unsafe"),
        *("-device", "virtio-blk-pci,drive=root"),
        *("-device", "virtio-scsi-pci,id=scsi"),
    ]
    for name in DISKS:
        words += ["-drive", f"if=none,id={name},file={files.disk(name)},format=raw,cache=unsafe"]
        words += ["-device", f"scsi-hd,bus=scsi.0,drive={name},serial={name}"]
    return words


def _nvme(files: Files) -> tuple[str, ...]:
    """Behind a port of its own, which can report errors of the bus."""
    return (
        *("-device", "pcie-root-port,id=port1,chassis=1"),
        *("-drive", f"if=none,id=nvme,file={files.disk('nvme')},format=raw,cache=unsafe"),
        *("-device", "nvme,id=nvme0,drive=nvme,serial=nvme,bus=port1"),
    )


def _network(port: int) -> list[str]:
    way = f"{sys.executable} -I -S {JOINED} {port}".replace(",", ",,")
    words = [
        *("-netdev", f"user,id=outside,restrict=on,guestfwd=tcp:{SERVER}:{PORT}-cmd:{way}"),
        *("-device", "virtio-net-pci,netdev=outside,mac=02:00:00:00:00:01"),
    ]
    for number, card in enumerate(CARDS, 2):
        words += ["-netdev", f"hubport,id=hub-{card},hubid=1"]
        words += ["-device", f"virtio-net-pci,id={card},netdev=hub-{card},mac=02:00:00:00:00:0{number}"]
    return words
