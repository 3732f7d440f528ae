"""Do the PCIe links lose or spoil what they carry? Value: errors not corrected, of each device."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.growth import grown
from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.source import TreeSource
from collectors.sysfs import Files, names
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "hw.pcie"
COLLECTOR = Collector(
    signals=(SIGNAL,), layer=Layer.HARDWARE, interval=60.0, where=("/sys/bus/pci/devices/*/aer_dev_fatal",)
)
DEVICES = "/sys/bus/pci/devices"
NOISE = frozenset(["UnsupReq"])
"""Raised by mere enumeration."""
MANY = 1000
"""Corrected errors of one device in a day; sound links have none for months."""
ROW = re.compile(r"^(\w{1,32}) (\d{1,15})$", re.MULTILINE)


class Device(msgspec.Struct, frozen=True):
    """Counters of one device since it was found (kernel: sysfs-bus-pci-devices-aer)."""

    address: str
    correctable: dict[str, int]
    nonfatal: dict[str, int]
    fatal: dict[str, int]

    @property
    def corrected(self) -> int:
        return _sum(self.correctable)

    @property
    def lost(self) -> int:
        return _sum(self.nonfatal) + _sum(self.fatal)


def _sum(counters: dict[str, int]) -> int:
    return sum(
        count for name, count in counters.items() if not name.startswith("TOTAL") and name not in NOISE
    )


class Devices(msgspec.Struct, frozen=True):
    devices: tuple[Device, ...]
    files: dict[str, str]


def read(host: Host) -> Iterable[Judgement]:
    found = gather(host)
    if found is not None:
        yield from judge(found, host)


def gather(host: Host) -> Devices | None:
    """Devices that report errors (Advanced Error Reporting), looked up anew each hour."""
    files = Files(host)
    able = host.cached("devices with AER", 3600.0, lambda: _able(host))
    found = [
        Device(
            address,
            *(
                _counters(files.text(f"{DEVICES}/{address}/aer_dev_{kind}"))
                for kind in ("correctable", "nonfatal", "fatal")
            ),
        )
        for address in able
    ]
    return Devices(tuple(found), files.read) if found else None


def _able(host: Host) -> list[str]:
    return [name for name in names(host, DEVICES) if host.exists(f"{DEVICES}/{name}/aer_dev_fatal")]


def _counters(text: str) -> dict[str, int]:
    return {name: int(count) for name, count in ROW.findall(text)}


def judge(found: Devices, host: Host) -> Iterator[Judgement]:
    """Only what they add counts; a device that never counted anything is not told."""
    for one in found.devices:
        if not (one.corrected or one.lost):
            continue
        rises = grown(host, f"aer {one.address}", {"corrected": one.corrected, "lost": one.lost})
        reason = Reason.ERRORS if rises["lost"] else Reason.HIGH if rises["corrected"] >= MANY else Reason.OK
        counted = {
            name: count
            for kind in (one.fatal, one.nonfatal, one.correctable)
            for name, count in kind.items()
            if count and not name.startswith("TOTAL")
        }
        yield judged(
            SIGNAL, entity.slot(host.name, one.address), reason, one.lost, corrected=one.corrected,
            counted=", ".join(f"{name} {count}" for name, count in counted.items())[:512],
        )  # fmt: skip


def facts(found: Devices) -> dict[str, JSON]:
    return dict(found.files)


SOURCE = TreeSource[Devices](kinds=("aer", "pcie"), gather=gather, judge=judge, facts=facts)
