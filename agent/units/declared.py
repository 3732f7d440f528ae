"""What all units declare, without loading them: a child reads every module once per version, and it is kept.

A unit's own code is loaded when it is first asked, so that what a host has no use for costs it nothing.
"""

from __future__ import annotations

import importlib
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

import agent
import collectors
import probes
import wire
from agent.home import write_private
from agent.units.finding import BadUnit, CollectorUnit, ProbeUnit, Unit, Units, claims, load_units
from collectors.host import Host
from collectors.unit import Collector
from probes.unit import Net, Probe
from wire import target
from wire.judgement import Judgement

log = logging.getLogger("rootward.units")
READ_SECONDS = 600.0
"""Far more than loading some hundred modules takes: an emulated machine that also lacked processor time
took over two minutes. One that hangs is told."""
PACKAGES = (probes.__name__, collectors.__name__)


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """One unit: its declaration, and which of the functions that it may have are there."""

    name: str
    question: str
    functions: tuple[str, ...]
    probe: Probe | None = None
    collector: Collector | None = None


class Kept(msgspec.Struct, frozen=True):
    """The file."""

    version: str
    units: list[Declared]


def known_units(path: Path, packages: Sequence[str] = PACKAGES) -> Units:
    """As ``load_units``, from the file at ``path`` where it is of this version. Raises BadUnit."""
    version = _version(packages)
    kept = _kept(path)
    if kept is None or kept.version != version:
        kept = Kept(version, _read_by_child(packages))
        try:
            write_private(path, msgspec.json.encode(kept, enc_hook=_name), durable=False)
        except OSError as error:
            log.warning("cannot keep what the units declare: %s", error)
    asking = tuple(_asking(one, one.probe) for one in kept.units if one.probe)
    reading = tuple(_reading(one, one.collector) for one in kept.units if one.collector)
    return Units(probes=asking, collectors=reading, by_signal=claims([*asking, *reading]))


def _kept(path: Path) -> Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept, dec_hook=_target)
    except (OSError, msgspec.MsgspecError):
        return None


def _version(packages: Iterable[str]) -> str:
    """Of what declarations are made from: the interpreter, the source files by name, size and time."""
    state = blake2b(sys.version.encode(), digest_size=16)
    for module in (agent, wire, *map(importlib.import_module, packages)):
        for file in sorted(found for folder in module.__path__ for found in _files(folder)):
            state.update(repr(file).encode())
    return state.hexdigest()


def _files(folder: str, within: str = "") -> Iterator[tuple[str, int, int]]:
    """Named as they lie to each other: a copy of the whole is the same wherever it lies."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files(entry.path, f"{within}{entry.name}/")
            elif entry.name.endswith(".py"):
                yield within + entry.name, entry.stat().st_size, entry.stat().st_mtime_ns


def _read_by_child(packages: Iterable[str]) -> list[Declared]:
    argv = [sys.executable, "-P", "-m", __name__, *packages]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=READ_SECONDS, check=False
        )
        if done.returncode == 0:
            return msgspec.json.decode(done.stdout, type=list[Declared], dec_hook=_target)
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
        raise BadUnit(f"the units could not be read: {error}") from None
    said = done.stderr.decode("utf-8", "replace").strip()
    raise BadUnit(said or f"the units could not be read: the child ended with {done.returncode}")


# --- units that load their module when they are asked


def _asking(one: Declared, probe: Probe) -> ProbeUnit:
    def later(function: str) -> Callable[[Any, Net], Any] | None:
        async def ask(what: Any, net: Net) -> Any:
            return await getattr(importlib.import_module(one.name), function)(what, net)

        return ask if function in one.functions else None

    return ProbeUnit(
        name=one.name, question=one.question, probe=probe, ask=later("ask"), ask_all=later("ask_all")
    )


def _reading(one: Declared, collector: Collector) -> CollectorUnit:
    def read(host: Host) -> Iterable[Judgement]:
        found: Iterable[Judgement] = importlib.import_module(one.name).read(host)
        return found

    async def follow(host: Host) -> AsyncIterator[Judgement]:
        async for judgement in importlib.import_module(one.name).follow(host):
            yield judgement

    return CollectorUnit(
        name=one.name,
        question=one.question,
        collector=collector,
        read=read,
        follow=follow if "follow" in one.functions else None,
    )


# --- the child


def declarations(units: Units) -> list[Declared]:
    return [_declared(unit) for unit in units]


def _declared(unit: Unit) -> Declared:
    functions = tuple(name for name in ("ask", "ask_all", "follow") if getattr(unit, name, None))
    if isinstance(unit, ProbeUnit):
        return Declared(name=unit.name, question=unit.question, functions=functions, probe=unit.probe)
    return Declared(name=unit.name, question=unit.question, functions=functions, collector=unit.collector)


def _name(kind: type) -> str:
    return kind.__name__


def _target(_type: object, name: str) -> Any:
    return getattr(target, name)


def main(packages: Iterable[str]) -> int:
    try:
        units = load_units(*map(importlib.import_module, packages))
    except BadUnit as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(declarations(units), enc_hook=_name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
