"""What systemd says of a unit, asked only when something is wrong with it."""

from __future__ import annotations

import msgspec

from collectors.host import Host
from wire.judgement import Reason

PROPERTIES = ("ActiveState", "SubState", "Result", "NRestarts", "ExecMainStatus", "Type")
LIST = ("systemctl", "list-units", "--type=service", "--state=failed,auto-restart", "--plain", "--no-legend")
RUNTIME = "/run/systemd/system"


class UnitState(msgspec.Struct, frozen=True):
    """Properties of org.freedesktop.systemd1.Service."""

    active: str
    sub: str
    result: str
    restarts: int
    status: int
    type: str

    @property
    def looping(self) -> bool:
        """It ends again and again, whether systemd still tries or gave up."""
        return self.result == "start-limit-hit" or (self.sub == "auto-restart" and self.restarts >= 2)

    @property
    def out_of_memory(self) -> bool:
        """The kernel, or systemd-oomd, ended it for lack of memory."""
        return self.result == "oom-kill"

    @property
    def ended(self) -> Reason:
        """How a look at it ends where nothing of it runs."""
        if self.looping:
            return Reason.RESTARTING
        return Reason.EXHAUSTED if self.out_of_memory else Reason.STOPPED


def running(host: Host) -> bool:
    return host.exists(RUNTIME)


def unit_state(host: Host, unit: str) -> UnitState | None:
    """None where systemd does not answer."""
    if not running(host):
        return None
    answer = host.run(["systemctl", "show", f"--property={','.join(PROPERTIES)}", "--", unit], timeout=2.0)
    return parse_state(answer.text) if answer.ok else None


def troubled_units(host: Host) -> list[str]:
    """Services that failed or wait to be started again; none where systemd does not answer."""
    answer = host.run(LIST, timeout=2.0) if running(host) else None
    return parse_units(answer.text) if answer is not None and answer.ok else []


def parse_units(text: str) -> list[str]:
    """The first word of each line, after the dot that marks a failed one."""
    lines = (line.lstrip("●* ").split() for line in text.splitlines())
    return [words[0] for words in lines if words and words[0].endswith(".service")]


def parse_state(text: str) -> UnitState:
    found = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return UnitState(
        active=found.get("ActiveState", ""),
        sub=found.get("SubState", ""),
        result=found.get("Result", ""),
        restarts=_number(found.get("NRestarts", "")),
        status=_number(found.get("ExecMainStatus", "")),
        type=found.get("Type", ""),
    )


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
