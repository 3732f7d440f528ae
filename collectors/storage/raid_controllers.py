"""What do the hardware RAID controllers say of volumes and drives? Values: complaints and errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from collectors.host import Host
from collectors.storage import arcconf, megacli, ssacli, storcli
from collectors.storage.raid_facts import ARRAY, CONTROLLER, DISK, Raid, judge
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

DRIVERS = ("megaraid_sas", "mpt3sas", "smartpqi", "hpsa", "cciss", "aacraid")
COLLECTOR = Collector(
    signals=(CONTROLLER, ARRAY, DISK),
    layer=Layer.HARDWARE,
    interval=300.0,
    timeout=100.0,
    risky=True,
    needs=("sys_rawio", "sys_admin"),
    where=tuple(f"/sys/bus/pci/drivers/{driver}/*:*" for driver in DRIVERS),
)
SECONDS = 30.0
"""For one question; a frozen controller makes its tool wait for ever."""
MEGARAID = (("/cALL", "show", "all", "J"), ("/cALL/eALL/sALL", "show", "all", "J"))
TOOLS: dict[str, tuple[tuple[tuple[str, ...], ...], Callable[[bytes], Raid]]] = {
    "storcli64": (MEGARAID, storcli.parse_json),
    "storcli": (MEGARAID, storcli.parse_json),
    "perccli64": (MEGARAID, storcli.parse_json),
    "perccli": (MEGARAID, storcli.parse_json),
    "megacli": ((("-LDPDInfo", "-aALL", "-NoLog"), ("-AdpBbuCmd", "-aALL", "-NoLog")), megacli.parse),
    "ssacli": ((("ctrl", "all", "show", "config", "detail"),), ssacli.parse),
    "hpssacli": ((("ctrl", "all", "show", "config", "detail"),), ssacli.parse),
    "arcconf": ((("getconfig", "1", "AL"),), arcconf.parse),
}
FOLDERS = (
    "/opt/MegaRAID/storcli", "/opt/MegaRAID/perccli", "/opt/MegaRAID/MegaCli",
    "/opt/smartstorageadmin/ssacli/bin", "/usr/Arcconf",
    "/usr/sbin", "/usr/bin", "/sbin", "/usr/local/sbin", "/usr/local/bin",
)  # fmt: skip
LOOK_AGAIN = 3600.0


def read(host: Host) -> Iterable[Judgement]:
    """Asks the tools that are installed, only where the driver of such a controller has one."""
    if not any(_driven(host, driver) for driver in DRIVERS):
        return
    tools = host.cached("RAID tools", LOOK_AGAIN, lambda: list(_installed(host)))
    for tool, path in tools:
        yield from _ask(host, tool, path)


def _driven(host: Host, driver: str) -> bool:
    try:
        return any(name.count(":") == 2 for name in host.list(f"/sys/bus/pci/drivers/{driver}"))
    except OSError:
        return False


def _installed(host: Host) -> Iterable[tuple[str, str]]:
    """One tool per family: the first of those that print the same."""
    families: set[object] = set()
    for tool, (_, parse) in TOOLS.items():
        for folder in FOLDERS:
            path = f"{folder}/{tool}"
            if parse not in families and os.access(host.path(path), os.X_OK):
                families.add(parse)
                yield tool, path


def _ask(host: Host, tool: str, path: str) -> Iterable[Judgement]:
    questions, parse = TOOLS[tool]
    found = Raid()
    for words in questions:
        done = host.run([path, *words], timeout=SECONDS, limit=8 * 1024 * 1024)
        if done.late:
            yield unknown(CONTROLLER, entity.slot(host.name, tool), Reason.DEADLINE, tool=tool)
            return
        try:
            found = merged(found, parse(done.out))
        except ValueError as error:
            why = Reason.NOT_PERMITTED if b"root" in done.out + done.err else Reason.UNREADABLE
            yield unknown(CONTROLLER, entity.slot(host.name, tool), why, tool=tool, error=str(error))
            return
    yield from judge(found, host)


def merged(one: Raid, other: Raid) -> Raid:
    """The later answer knows more of a drive that both name."""
    drives = {drive.place: drive for drive in (*one.drives, *other.drives)}
    volumes = {volume.name: volume for volume in (*one.volumes, *other.volumes)}
    controllers = {each.name: each for each in (*other.controllers, *one.controllers)}
    for each in other.controllers:  # one question tells the state, another the battery
        known = controllers[each.name]
        if not known.battery and (each.battery or each.doubts):
            controllers[each.name] = type(known)(
                name=known.name,
                model=known.model,
                state=known.state,
                battery=each.battery,
                doubts=(*known.doubts, *each.doubts),
            )
    return Raid(
        controllers=tuple(controllers.values()),
        volumes=tuple(volumes.values()),
        drives=tuple(drives.values()),
    )
