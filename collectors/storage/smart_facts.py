"""What a disk tells of its health, in one form for ATA, SCSI and NVMe, whichever tool printed it."""

from __future__ import annotations

import msgspec

from collectors.host import JSON

PACKED = 1 << 32
"""Raw values beyond this hold several numbers; the count is in the low 16 bits."""


EXPECTED = frozenset(["passed", "model", "temp", "power_on_hours"])


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table of an ATA disk."""

    id: int
    name: str
    value: int | None = None
    """Normalised: sinks towards the threshold."""
    threshold: int = 0
    raw: int = 0
    failed: str = ""
    """``now``, ``past`` or nothing."""
    prefailure: bool = False

    @property
    def count(self) -> int:
        """What the raw value counts, where vendors pack more beside it."""
        return self.raw & 0xFFFF if self.raw >= PACKED else self.raw


class Nvme(msgspec.Struct, frozen=True, kw_only=True):
    """The health log of an NVMe controller (NVM Express base specification, log page 02h)."""

    critical_warning: int | None = None
    available_spare: int | None = None
    available_spare_threshold: int | None = None
    percentage_used: int | None = None
    media_errors: int | None = None
    num_err_log_entries: int | None = None
    critical_comp_time: int | None = None
    warning_temp_time: int | None = None
    unsafe_shutdowns: int | None = None


class Smart(msgspec.Struct, frozen=True, kw_only=True):
    """None where the disk or the tool does not tell."""

    device: str = ""
    model: str = ""
    serial: str = ""
    passed: bool | None = None
    """The disk's own verdict, which most dying disks never give."""
    temperature: float | None = None
    """Degrees Celsius."""
    hottest: float | None = None
    """The limit that the disk names for itself."""
    power_on_hours: int | None = None
    rotating: bool | None = None
    attributes: tuple[Attribute, ...] = ()
    nvme: Nvme | None = None
    grown_defects: int | None = None
    """SCSI: sectors replaced since the factory."""
    uncorrected: int | None = None
    """SCSI: reads, writes and verifications that failed for good."""
    pending: int | None = None
    """SCSI: sectors that wait for a decision."""
    endurance_used: int | None = None
    """Percent of the writes that a solid disk is made for."""
    logged_errors: int | None = None
    self_test: str = ""
    """How a self test failed that no later one has put right; empty where there is none."""
    complaint: str = ""
    """Why the tool could not read the disk."""

    def attribute(self, number: int) -> Attribute | None:
        return next((one for one in self.attributes if one.id == number), None)


def facts_of(smart: Smart) -> dict[str, JSON]:
    """Attributes under the names that smartctl gives them; what every disk should tell is null where it
    does not.
    """
    told: dict[str, JSON] = {
        "device": smart.device or None,
        "model": smart.model or None,
        "serial": smart.serial or None,
        "passed": smart.passed,
        "temp": smart.temperature,
        "power_on_hours": smart.power_on_hours,
        "scsi_grown_defects": smart.grown_defects,
        "scsi_uncorrected_errors": smart.uncorrected,
        "endurance_used": smart.endurance_used,
        "logged_errors": smart.logged_errors,
        "self_test": smart.self_test or None,
        "complaint": smart.complaint or None,
    }
    if smart.nvme is not None:
        told |= {f"nvme_{name}": value for name, value in msgspec.structs.asdict(smart.nvme).items()}
    for one in smart.attributes:
        told.setdefault(one.name, one.raw)
    return {name: value for name, value in told.items() if value is not None or name in EXPECTED}
