"""What systemd says of a unit, asked only when something is wrong with it."""

from __future__ import annotations

import msgspec

from collectors.host import Host

PROPERTIES = ("ActiveState", "SubState", "Result", "NRestarts", "ExecMainStatus", "UnitFileState")
RUNTIME = "/run/systemd/system"


class UnitState(msgspec.Struct, frozen=True):
    """Properties of org.freedesktop.systemd1.Service."""

    active: str
    sub: str
    result: str
    restarts: int
    status: int
    enabled: str

    @property
    def looping(self) -> bool:
        """It ends again and again, whether systemd still tries or gave up."""
        return self.result == "start-limit-hit" or (self.sub == "auto-restart" and self.restarts >= 2)


def running(host: Host) -> bool:
    return host.exists(RUNTIME)


def unit_state(host: Host, unit: str) -> UnitState | None:
    """None where systemd does not answer."""
    if not running(host):
        return None
    answer = host.run(["systemctl", "show", f"--property={','.join(PROPERTIES)}", "--", unit], timeout=2.0)
    if not answer.ok:
        return None
    found = dict(line.split("=", 1) for line in answer.text.splitlines() if "=" in line)
    return UnitState(
        active=found.get("ActiveState", ""),
        sub=found.get("SubState", ""),
        result=found.get("Result", ""),
        restarts=_number(found.get("NRestarts", "")),
        status=_number(found.get("ExecMainStatus", "")),
        enabled=found.get("UnitFileState", ""),
    )


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
