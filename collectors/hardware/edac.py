"""Which memory modules err? Values: errors since the driver was loaded, uncorrected and corrected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.growth import grown
from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of, whole
from collectors.source import Source, TreeSource
from collectors.sysfs import Files, names
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

UNCORRECTED, CORRECTED = "hw.memory.uncorrected", "hw.memory.corrected"
COLLECTOR = Collector(
    signals=(UNCORRECTED, CORRECTED),
    layer=Layer.HARDWARE,
    interval=30.0,
    where=("/sys/devices/system/edac/mc/mc*",),
)
CONTROLLERS = "/sys/devices/system/edac/mc"
SOME, MANY = 24, 1000
"""Corrected errors in a day; sound memory has a few in a month."""
PILED_UP = 10_000
"""Since the driver was loaded, where nothing is known of yesterday."""
RAS = re.compile(r"^\s*(?P<label>\S.*?)\s+(?P<ce>\d+)\s+(?P<ue>\d+)\s*$")
UTIL = re.compile(
    r"^mc(?P<mc>\d+): (?P<where>.*?): (?:(?P<label>[^:]+): )?(?P<count>\d+) (?P<kind>Unc|C)orrected Errors"
)
FULL = re.compile(r"^mc(?P<mc>\d+):(?P<row>[^:]+):(?P<label>[^:]+):(?P<kind>[CU]E):(?P<count>\d+)\s*$")
"""``edac-util --report=full``."""
EVENT = re.compile(
    r"^\d+ \d{4}-\d\d-\d\d \S+ \S+ (?P<count>\d+) (?P<kind>\w+) error\(s\): .*? at (?P<label>\S.*?) location:"
)
"""``ras-mc-ctl --errors``."""
MARKS = ("No errors to report", "edac-util", "No Memory errors", "Memory controller events summary")
SUMMARY = re.compile(
    r"^\s*(?P<kind>Corrected|Uncorrected|Fatal|Deferred) on DIMM Label\(s\): "
    r"'(?P<label>[^']{0,200})'.*errors: (?P<count>\d+)"
)


class Module(msgspec.Struct, frozen=True):
    """One module, or the controller where it cannot say which."""

    label: str
    corrected: int
    uncorrected: int


class Memory(msgspec.Struct, frozen=True):
    modules: tuple[Module, ...]
    files: dict[str, str] = {}


def read(host: Host) -> Iterable[Judgement]:
    found = gather(host)
    if found is not None:
        yield from judge(found, host)


def gather(host: Host) -> Memory | None:
    """The kernel's counters (Documentation/admin-guide/RAS); None without an EDAC driver."""
    files = Files(host)
    modules: list[Module] = []
    for controller in names(host, CONTROLLERS, r"mc\d+"):
        modules += _controller(host, files, controller)
    return Memory(tuple(modules), files.read) if modules else None


def _controller(host: Host, files: Files, controller: str) -> Iterator[Module]:
    folder = f"{CONTROLLERS}/{controller}"
    told = list(_dimms(host, files, controller)) or list(_rows(host, files, controller))
    yield from told
    corrected = files.number(f"{folder}/ce_count") or 0
    uncorrected = files.number(f"{folder}/ue_count") or 0
    left_ce = max(0, corrected - sum(one.corrected for one in told))
    left_ue = max(0, uncorrected - sum(one.uncorrected for one in told))
    yield Module(controller, left_ce, left_ue)


def _dimms(host: Host, files: Files, controller: str) -> Iterator[Module]:
    for name in names(host, f"{CONTROLLERS}/{controller}", r"(?:dimm|rank)\d+"):
        folder = f"{CONTROLLERS}/{controller}/{name}"
        corrected = files.number(f"{folder}/dimm_ce_count") or 0
        uncorrected = files.number(f"{folder}/dimm_ue_count") or 0
        label = files.text(f"{folder}/dimm_label") or f"{controller}/{name}"
        yield Module(label, corrected, uncorrected)


def _rows(host: Host, files: Files, controller: str) -> Iterator[Module]:
    """Older drivers: rows of chips with channels; uncorrected errors are known per row."""
    for row in names(host, f"{CONTROLLERS}/{controller}", r"csrow\d+"):
        folder = f"{CONTROLLERS}/{controller}/{row}"
        row_ce = files.number(f"{folder}/ce_count") or 0
        row_ue = files.number(f"{folder}/ue_count") or 0
        channels = [name.partition("_")[0] for name in names(host, folder, r"ch\d+_ce_count")]
        for channel in channels:
            label = files.text(f"{folder}/{channel}_dimm_label") or f"{controller}/{row}/{channel}"
            corrected = files.number(f"{folder}/{channel}_ce_count") or 0
            uncorrected = files.number(f"{folder}/{channel}_ue_count") or 0
            row_ce, row_ue = row_ce - corrected, row_ue - uncorrected
            yield Module(label, corrected, uncorrected)
        yield Module(f"{controller}/{row}", max(0, row_ce), max(0, row_ue))


def parse(raw: bytes) -> Memory:
    """``ras-mc-ctl`` with --error-count, --summary, --errors; ``edac-util`` with -v, --report=full.

    Raises ValueError for other text.
    """
    lines = lines_of(raw)
    found: dict[str, Module] = {}
    table = any(line.split() == ["Label", "CE", "UE"] for line in lines)
    known = table or any(mark in line for line in lines for mark in MARKS)
    for line in lines:
        if table and (row := RAS.match(line)):
            found[row["label"]] = Module(row["label"], whole(row["ce"]) or 0, whole(row["ue"]) or 0)
        elif util := UTIL.match(line):
            label = (util["label"] or f"mc{util['mc']}/{util['where']}").strip()
            _add(found, label, whole(util["count"]) or 0, corrected=util["kind"] == "C")
        elif full := FULL.match(line):
            where = "" if full["row"] == "noinfo" else f"/{full['row']}"
            label = f"mc{full['mc']}{where}" if full["label"] in ("all", "noinfo") else full["label"]
            _add(found, label, whole(full["count"]) or 0, corrected=full["kind"] == "CE")
        elif event := EVENT.match(line):
            _add(found, event["label"], whole(event["count"]) or 0, corrected=event["kind"] == "Corrected")
        elif summary := SUMMARY.match(line):
            count = whole(summary["count"]) or 0
            _add(
                found, summary["label"].strip() or "unknown", count, corrected=summary["kind"] == "Corrected"
            )
    if not found and not known:
        raise ValueError("no counts of memory errors")
    return Memory(tuple(found.values()))


def _add(found: dict[str, Module], label: str, count: int, *, corrected: bool) -> None:
    one = found.get(label, Module(label, 0, 0))
    if corrected:
        found[label] = Module(label, one.corrected + count, one.uncorrected)
    else:
        found[label] = Module(label, one.corrected, one.uncorrected + count)


def judge(found: Memory, host: Host) -> Iterator[Judgement]:
    """Of the remainders that no module owns only those that counted something."""
    for one in found.modules:
        whole_part = not re.fullmatch(r"mc\d+(?:/csrow\d+)?", one.label)
        if not (whole_part or one.corrected or one.uncorrected):
            continue
        subject = entity.dimm(host.name, one.label)
        rises = grown(host, f"edac {one.label}", {"ce": one.corrected, "ue": one.uncorrected})
        lost = Reason.ERRORS if one.uncorrected else Reason.OK
        yield judged(UNCORRECTED, subject, lost, one.uncorrected, since_yesterday=rises["ue"])
        fixed = (
            Reason.ERRORS
            if rises["ce"] >= MANY
            else Reason.HIGH
            if rises["ce"] >= SOME or one.corrected >= PILED_UP
            else Reason.OK
        )
        yield judged(CORRECTED, subject, fixed, one.corrected, since_yesterday=rises["ce"])


def facts(found: Memory) -> dict[str, JSON]:
    counts = {one.label: {"ce": one.corrected, "ue": one.uncorrected} for one in found.modules}
    return {"modules": counts, **found.files}


KINDS = ("edac", "ras_mc_ctl", "edac_util", "rasdaemon")
SOURCES = (
    Source[Memory](kinds=KINDS, parse=parse, judge=judge, facts=facts),
    TreeSource[Memory](kinds=KINDS, gather=gather, judge=judge, facts=facts),
)
