"""Is the light of each optical port within its limits? Value: alarms and warnings of the module."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.network.nic_table import interfaces
from collectors.parsing import lines_of
from collectors.source import Source
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "link.optics"
COLLECTOR = Collector(
    signals=(SIGNAL,), layer=Layer.LINK, interval=300 * SECOND, timeout=20 * SECOND, where=("ethtool",)
)
FLAG = re.compile(r"(.*\S)\s+(high|low)\s+(alarm|warning)(?:\s+\(.*\))?", re.IGNORECASE)
MEASURES = {
    "laser bias current": "bias_ma",
    "laser output power": "output_mw",
    "laser tx power": "output_mw",
    "receiver signal average optical power": "input_mw",
    "rx power": "input_mw",
    "module temperature": "celsius",
    "module voltage": "volts",
}
NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?")
LOOKED_AT = 32


class Module(msgspec.Struct, frozen=True):
    """SFF-8472 and SFF-8636, as ethtool words them."""

    identifier: str
    vendor: str
    part: str
    serial: str
    measures: dict[str, float]
    alarms: tuple[str, ...]
    warnings: tuple[str, ...]


def read(host: Host) -> Iterable[Judgement]:
    """Ports without a module or without diagnostics say nothing; reading one may need CAP_NET_ADMIN."""
    ports = [nic for nic in interfaces(host) if nic.kind == "ethernet" and nic.carrier]
    for nic in ports[:LOOKED_AT]:
        answer = host.run(["ethtool", "-m", nic.name], timeout=2.0) if host.real else None
        if answer is None or not answer.ok:
            continue
        module = _parsed(answer.out)
        if module is not None and module.measures:
            yield _judged(host, nic.name, module)


def _parsed(raw: bytes) -> Module | None:
    try:
        return parse(raw)
    except ValueError:
        return None


def parse(raw: bytes) -> Module:
    """Raises ValueError for a text without an identifier of a module."""
    pairs = [
        (key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in lines_of(raw))
    ]
    told = {key.lower(): value for key, value in pairs if value}
    if "identifier" not in told:
        raise ValueError("no identifier of a module")
    on = [key for key, value in pairs if value.lower() == "on" and FLAG.fullmatch(key)]
    return Module(
        identifier=told["identifier"],
        vendor=told.get("vendor name", ""),
        part=told.get("vendor pn", ""),
        serial=told.get("vendor sn", ""),
        measures={
            name: float(match[0])
            for key, name in MEASURES.items()
            if (match := NUMBER.search(told.get(key, ""))) is not None
        },
        alarms=tuple(key for key in on if "alarm" in key.lower()),
        warnings=tuple(key for key in on if "warning" in key.lower()),
    )


def judge(module: Module, host: Host) -> Iterable[Judgement]:
    if module.measures:
        yield _judged(host, "port", module)


def _judged(host: Host, name: str, module: Module) -> Judgement:
    reason = Reason.ERRORS if module.alarms else Reason.HIGH if module.warnings else Reason.OK
    return judged(
        SIGNAL,
        entity.nic(host.name, name),
        reason,
        len(module.alarms) + len(module.warnings),
        interface=name,
        module=f"{module.vendor} {module.part}".strip(),
        alarms=", ".join(module.alarms),
        warnings=", ".join(module.warnings),
        **module.measures,
    )


def facts(module: Module) -> dict[str, JSON]:
    return msgspec.structs.asdict(module)


SOURCE = Source(kinds=("ethtool", "ethtool_m"), parse=parse, judge=judge, facts=facts)
