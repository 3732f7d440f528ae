"""The board of the virtual machine: a management controller of its own, and the sensors that it reads.

The controller is OpenIPMI's simulator, which judges readings by their thresholds and logs what crosses one.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec

from drills.errors import LabError

CONTROLLER = "0x20"
"""The address of a management controller on its own bus (IPMI 2.0, section 1.7.16)."""
FULL, THRESHOLDS = 1, 1
"""The kind of record, and of reading (tables 43-1 and 42-2)."""


class Sensor(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers are those of the thing measured; a reading is one byte of ``step`` each."""

    name: str
    number: int
    kind: int
    """Table 42-3."""
    entity: int
    """What it is about, table 43-13."""
    unit: int
    """Table 43-15."""
    step: int = 1
    usual: int
    low: tuple[int, int] | None = None
    """What is no longer normal, and what is critical."""
    high: tuple[int, int] | None = None


SENSORS = {
    "fan": Sensor(name="Fan 1", number=1, kind=4, entity=29, unit=18, step=50, usual=4000, low=(1000, 800)),
    "inlet": Sensor(name="Inlet Temp", number=2, kind=1, entity=55, unit=1, usual=35, high=(65, 70)),
}


class Board:
    """Its files, and the program. Whoever starts it ends it."""

    def __init__(self, place: Path, port: int) -> None:
        """``port``: of the loopback, where the virtual machine reaches its controller."""
        self._place, self._port = place / "board", port
        self._process: subprocess.Popen[bytes] | None = None

    def up(self) -> None:
        """Raises LabError."""
        (self._place / "state").mkdir(parents=True)
        for name in SENSORS:
            self.reads(name)
        serial = f"serial 15 127.0.0.1 {self._port} codec VM"
        (self._place / "reached").write_text(f'name "board"\nset_working_mc {CONTROLLER}\n{serial}\n')
        (self._place / "made").write_text("\n".join(_made(self._place)) + "\n")
        files = ("-c", self._place / "reached", "-f", self._place / "made", "-s", self._place / "state")
        argv = ["setpriv", "--pdeathsig", "KILL", "ipmi_sim", "-n", *map(str, files)]
        with (self._place / "log").open("wb") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def reads(self, sensor: str, value: int | None = None) -> None:
        """From now on, in its own unit; as usual without a value. Raises LabError for one there is not."""
        if sensor not in SENSORS:
            raise LabError(f"the board has no sensor {sensor}: {', '.join(SENSORS)}")
        reading = SENSORS[sensor].usual if value is None else value
        partial = self._place / f".{sensor}"
        partial.write_text(f"{reading}\n")
        partial.replace(self._place / sensor)

    def down(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def _made(place: Path) -> list[str]:
    """Commands of the simulator (ipmi_sim_cmd(5)). Masks are written from the highest bit on."""
    lines = [f"mc_setbmc {CONTROLLER}", f"mc_add {CONTROLLER} 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02"]
    lines += [f"sel_enable {CONTROLLER} 1000 0x0a", f"sensor_add {CONTROLLER} 0 0 35 0x6f event-only"]
    for name, one in SENSORS.items():
        which, events = f"{CONTROLLER} 0 {one.number}", f"{_events(one):015b}"
        limits = [f"{limit // one.step}" for limit in _limits(one)]
        read = f'poll 1000 file "{place / name}" div={one.step}'
        lines += [
            f"sensor_add {which} {one.kind} {THRESHOLDS} {read}",
            f"sensor_set_threshold {which} settable {_readable(one):06b} {' '.join(limits)}",
            f"sensor_set_hysteresis {which} settable 1 1",
            f"sensor_set_event_support {which} enable scanning per-state {' '.join([events] * 4)}",
            f"main_sdr_add {CONTROLLER} {' '.join(f'0x{byte:02x}' for byte in record(one))}",
        ]
    return [*lines, f"mc_enable {CONTROLLER}"]


def _events(one: Sensor) -> int:
    """Going low past the lower ones, going high past the upper ones: table 29-6."""
    return (0b101 if one.low else 0) | (0b1010000000 if one.high else 0)


def _readable(one: Sensor) -> int:
    return (0b11 if one.low else 0) | (0b11000 if one.high else 0)


def _limits(one: Sensor) -> tuple[int, ...]:
    """Upper ones that cannot be recovered from, critical, not normal; lower ones alike."""
    (near, far), (below, beneath) = one.high or (0, 0), one.low or (0, 0)
    return 0, far, near, 0, beneath, below


def record(one: Sensor) -> bytes:
    """A full sensor record (table 43-1)."""
    lower = _events(one) | (0x3000 if one.low else 0)
    upper = _events(one) | (0x3000 if one.high else 0)
    about = bytes([0x20, 0, one.number, one.entity, 1, 0x67, 0x08, one.kind, THRESHOLDS])
    masks = lower.to_bytes(2, "little") + upper.to_bytes(2, "little") + bytes([_readable(one)] * 2)
    scale = bytes([0, one.unit, 0, 0, one.step, 0, 0, 0, 0, 0, 0])
    span = bytes([one.usual // one.step, 0xFF, 0, 0xFF, 0, *(limit // one.step for limit in _limits(one))])
    name = one.name.encode()
    body = about + masks + scale + span + bytes([1, 1, 0, 0, 0, 0xC0 | len(name)]) + name
    return bytes([0, 0, 0x51, FULL, len(body)]) + body
