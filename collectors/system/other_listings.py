"""Reads the rest of what people send along: tuned-adm, sealert, and objects of a cluster by oc or kubectl."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from collectors.host import JSON, Host
from collectors.parsing import lines_of
from collectors.source import Source
from wire.judgement import Judgement

Told = dict[str, JSON]
KIND = re.compile(r"^(?:- |  )?kind: (\w{1,64})$")
NAME = re.compile(r"^    name: (\S{1,253})$")
PHASE = re.compile(r"^    phase: (\w{1,32})$")
PREVENTED = re.compile(r"^SELinux is preventing (.+?)\.?$")
PROFILE = re.compile(r"^- (\S+)")
MOST = 100_000


def tuned(raw: bytes) -> Told:
    """``tuned-adm list`` and ``active``."""
    lines = _lines(raw)
    active = next((line.partition(":")[2].strip() for line in lines if "active profile" in line.lower()), "")
    preset = next((line.partition(":")[2].strip() for line in lines if "Preset profile" in line), "")
    profiles = [match[1] for line in lines if (match := PROFILE.match(line))]
    return {"profiles": profiles, "active": active} | ({"preset": preset} if preset else {})


def sealert(raw: bytes) -> Told:
    """What SELinux prevented, and what it says may be done."""
    prevented = [match[1] for line in _lines(raw) if (match := PREVENTED.match(line))]
    return {"prevented": prevented, "count": len(prevented)}


def cluster_objects(raw: bytes) -> Told:
    """YAML of ``oc get -o yaml``: how many objects of each kind, which, and their phases."""
    kinds: Counter[str] = Counter()
    names: list[str] = []
    phases: Counter[str] = Counter()
    for line in _lines(raw):
        if (match := KIND.match(line)) is not None:
            kinds[match[1]] += 1
        elif (match := NAME.match(line)) is not None:
            names.append(match[1])
        elif (match := PHASE.match(line)) is not None:
            phases[match[1]] += 1
    return {"kinds": dict(kinds), "names": names, "phases": dict(phases)}


def _lines(raw: bytes) -> list[str]:
    """Raises ValueError for an empty text."""
    lines = [line.rstrip() for line in lines_of(raw)[:MOST]]
    if not any(lines):
        raise ValueError("empty")
    return lines


def judge(told: Told, host: Host) -> Iterable[Judgement]:
    """None of these says by itself that something is wrong on this host."""
    del told, host
    return ()


def _source(parse: Callable[[bytes], Told], *kinds: str) -> Source[Told]:
    return Source(kinds=kinds, parse=parse, judge=judge, facts=lambda told: told)


SOURCES = (
    _source(tuned, "tuned", "tuned_adm"),
    _source(sealert, "sealert"),
    _source(cluster_objects, "oc", "oc_get", "kubectl"),
)
