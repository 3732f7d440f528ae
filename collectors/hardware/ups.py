"""Is the UPS on the mains and its battery fit? Value: charge as a share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.asking import answered
from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of, real
from collectors.source import Source
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "power.ups"
NUT, APC = "/run/nut/upsd.pid", "/run/apcupsd.pid"
COLLECTOR = Collector(
    signals=(SIGNAL,), layer=Layer.HARDWARE, interval=30.0, timeout=20.0, risky=True, where=(NUT, APC)
)
LINE = re.compile(r"^(?P<name>[A-Za-z][\w. ]{1,40}?)\s*: (?P<value>.*)$")
SEVERE = (Reason.OK, Reason.HIGH, Reason.DEGRADED, Reason.STOPPED)
REASONS = {
    "OB": Reason.HIGH, "ONBATT": Reason.HIGH, "LB": Reason.STOPPED, "LOWBATT": Reason.STOPPED,
    "FSD": Reason.STOPPED, "SHUTTING": Reason.STOPPED,
    "RB": Reason.DEGRADED, "REPLACEBATT": Reason.DEGRADED, "NOBATT": Reason.DEGRADED,
    "OVER": Reason.DEGRADED, "OVERLOAD": Reason.DEGRADED, "BYPASS": Reason.DEGRADED, "OFF": Reason.DEGRADED,
    "COMMLOST": Reason.DEGRADED, "ALARM": Reason.HIGH,
}  # fmt: skip
"""Words of NUT (ups.status) and of apcupsd (STATUS); all others, such as OL and CHRG, are well."""
PLUGGED = frozenset(["OL", "ONLINE"])


class Ups(msgspec.Struct, frozen=True):
    status: str
    values: dict[str, str]

    @property
    def charge(self) -> float | None:
        return real(self.values.get("battery.charge", self.values.get("BCHARGE", "")))


def read(host: Host) -> Iterable[Judgement]:
    """``upsc`` of the first UPS, or ``apcaccess``, where one of them watches it from this host."""
    if host.exists(NUT):
        listed = host.run(["upsc", "-l"], timeout=5.0)
        names = listed.text.split()
        done = host.run(["upsc", names[0]], timeout=5.0) if listed.ok and names else listed
    elif host.exists(APC):
        done = host.run(["apcaccess", "status"], timeout=5.0)
    else:
        return
    subject = entity.chassis(host.name)
    yield from answered(done, parse, judge, host, otherwise=(SIGNAL, subject), tool="upsc or apcaccess")


def parse(raw: bytes) -> Ups:
    """Raises ValueError for what neither ``upsc`` nor ``apcaccess`` prints."""
    values = {
        found["name"].strip(): found["value"].strip()[:256]
        for line in lines_of(raw)[:512]
        if (found := LINE.match(line))
    }
    status = values.get("ups.status", values.get("STATUS", ""))
    if not status:
        raise ValueError("neither ups.status nor STATUS")
    return Ups(status, values)


def judge(found: Ups, host: Host) -> Iterator[Judgement]:
    words = found.status.upper().split()
    reason = max((REASONS.get(word, Reason.OK) for word in words), key=SEVERE.index, default=Reason.OK)
    if reason is Reason.STOPPED and PLUGGED.intersection(words) and "FSD" not in words:
        reason = Reason.DEGRADED  # low and charging again: the mains are back
    charge = found.charge
    facts: dict[str, Scalar] = {"status": found.status}
    if charge is not None:
        facts["charge_percent"] = charge
    yield judged(SIGNAL, entity.chassis(host.name), reason, None if charge is None else charge / 100, **facts)


def facts(found: Ups) -> dict[str, JSON]:
    return {"status": found.status, "charge": found.charge, "values": found.values}


SOURCE = Source(kinds=("upsc", "nut", "ups", "apcaccess"), parse=parse, judge=judge, facts=facts)
