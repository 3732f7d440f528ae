"""Reads texts of settings: sysctl, postconf, os-release, db2's configuration, and the version of an MPI."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from collectors.host import JSON, Host
from collectors.parsing import lines_of
from collectors.source import Source
from wire.judgement import Judgement

Settings = dict[str, str]
COMMENT = ("#", ";", "//")
DB2 = re.compile(r"^\s*(\S.{0,120}?)\s*(?:\((\w{1,40})\))?\s*=\s*(.*?)\s*$")
SOFTWARE = re.compile(r"(?i)\b(mpi|hydra|openrte|open mpi|db2)\b")
VERSION = re.compile(r"(?i)\bversion\s+(\d[\w.]*(?:\s+update\s+\w+)?)|\b(\d+\.\d+(?:\.\d+)*)\b")
MACHINE_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""With hyphens as the firmware tells it."""
MOST = 20_000


def pairs(raw: bytes, separator: str = "=") -> Settings:
    """The last of several with one name holds. Raises ValueError for an empty text."""
    found: Settings = {}
    empty = True
    for line in lines_of(raw)[:MOST]:
        stripped = line.strip()
        empty &= not stripped
        key, mark, value = stripped.partition(separator)
        if mark and key and not stripped.startswith(COMMENT):
            found[key.strip()] = value.strip()
    if empty:
        raise ValueError("empty")
    return found


def os_release(raw: bytes) -> Settings:
    """os-release(5). Raises ValueError for a text without a NAME or ID."""
    found = {key: value.strip("\"'") for key, value in pairs(raw).items()}
    if not {"ID", "NAME", "PRETTY_NAME"} & found.keys():
        raise ValueError("no ID and no NAME of a system")
    return found


def machine_id(raw: bytes) -> Settings:
    """machine-id(5). Raises ValueError for what are not 32 hexadecimal digits."""
    word = raw.strip().decode("ascii", "replace")
    if not MACHINE_ID.fullmatch(word):
        raise ValueError("not the 32 digits of a machine")
    return {"machine_id": word}


def db2(raw: bytes) -> Settings:
    """``CPU speed (millisec/instruction)  (CPUSPEED) = 3.3e-07`` by its short name; db2ls by its paths."""
    lines = lines_of(raw)[:MOST]
    found: Settings = {}
    for line in lines:
        if line.startswith("/") and ":" in line:
            path, _, rest = line.partition(":")
            found[path] = rest.strip()
        elif (match := DB2.match(line)) is not None:
            found[match[2] or match[1]] = match[3]
    if not any(line.strip() for line in lines):
        raise ValueError("empty")
    return found


def version(raw: bytes) -> Settings:
    """The first line that names a software, and its version. Raises ValueError for an empty text."""
    lines = [line.strip() for line in lines_of(raw) if line.strip()]
    if not lines:
        raise ValueError("empty")
    line = next((line for line in lines if SOFTWARE.search(line)), lines[0])
    match = VERSION.search(line)
    return {"software": line[:256], "version": (match[1] or match[2]) if match is not None else ""}


def judge(settings: Settings, host: Host) -> Iterable[Judgement]:
    """What is set is nobody's fault by itself: it tells people more about what does fail."""
    del settings, host
    return ()


def facts(settings: Settings) -> dict[str, JSON]:
    return dict(settings)


def _source(parse: Callable[[bytes], Settings], *kinds: str) -> Source[Settings]:
    return Source(kinds=kinds, parse=parse, judge=judge, facts=facts)


SOURCES = (
    _source(pairs, "sysctl", "sysctl_a", "sysctl_conf"),
    _source(pairs, "postfix", "postconf"),
    _source(os_release, "host", "os_release"),
    _source(machine_id, "host", "machine_id"),
    _source(db2, "db2"),
    _source(version, "mpi", "mpirun"),
)
