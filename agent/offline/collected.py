"""What was collected from a host (sosreport layout) and what it means: the same readers, without the host."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from agent.edge.evidence import cleaned, numbered
from agent.edge.state import EdgeState, Finding
from agent.offline.once import OneRound, Unchecked
from agent.offline.recent_logs import matched
from agent.offline.replay import NotThatKind, Replay
from collectors.discovery import discover
from collectors.host import Host
from collectors.network import bonding, conntrack, neighbour_table
from collectors.system import entropy, kernel_taint, memory, pending_reboot, slab
from wire.entity import kind_of
from wire.inventory import Inventory
from wire.judgement import Judgement, Verdict
from wire.observation import Observation

COMMANDS = "sos_commands"
SNAPSHOTS = (bonding, conntrack, entropy, kernel_taint, memory, neighbour_table, pending_reboot, slab)
"""Collectors that say all they have to say by one look at files, and look at nothing but files."""
LOGS = re.compile(
    r"(syslog|messages|kern\.log|dmesg|secure|auth\.log|daemon\.log|cron|maillog|mail\.log)(\.txt)?"
)
JOURNAL = re.compile(r"(journalctl|dmesg)(_.*)?(\.txt)?")
PROGRAM_LOGS = ("nginx", "apache2", "httpd", "haproxy", "postgresql", "mysql", "mariadb", "redis", "audit")
PLACEHOLDERS = re.compile(r"/(port|bond|team|unnamed)$")
"""What a listing calls that which only its file's name tells."""
DEVICE = re.compile(r"^(?:\.?dev\.)?([\w.:-]+)$")
MOST_FILES, MOST_BYTES, MOST_LOG = 4096, 16 * 1024 * 1024, 32 * 1024 * 1024
SEVERITY = {Verdict.UNKNOWN: 0, Verdict.PASS: 1, Verdict.WARN: 2, Verdict.FAIL: 3}


def collected(folder: Path, name: str = "") -> OneRound:
    """Reads everything once. Raises OSError for a folder that cannot be listed, BadUnit as ``load_units``."""
    root = _root(folder)
    host = Host(name or _name_of(root), str(root))
    unchecked: list[Unchecked] = []
    worst: dict[tuple[str, str], Judgement] = {}
    for judgement in _judgements(host, root, unchecked):
        key = (judgement.signal, judgement.subject)
        if key not in worst or SEVERITY[judgement.verdict] > SEVERITY[worst[key].verdict]:
            worst[key] = judgement
    return OneRound(_inventory(host), _numbered(worst.values()), unchecked)


def _root(folder: Path) -> Path:
    """An archive unpacks to a folder of its own, which may have been named instead."""
    inside = [one for one in sorted(folder.iterdir()) if one.is_dir()]
    if len(inside) == 1 and not (folder / COMMANDS).exists() and (inside[0] / COMMANDS).exists():
        return inside[0]
    return folder


def _name_of(root: Path) -> str:
    for place in (root / "etc/hostname", root / "hostname", root / COMMANDS / "host/hostname"):
        try:
            words = place.read_text(encoding="utf-8", errors="replace")[:1024].split()
        except OSError:
            continue
        if words and re.fullmatch(r"[\w.-]{1,253}", words[0]):
            return words[0]
    return re.sub(r"[^\w.-]", "-", root.resolve().name)[:64] or "collected"


def _judgements(host: Host, root: Path, unchecked: list[Unchecked]) -> Iterator[Judgement]:
    replay = Replay()
    for path in _files(root / COMMANDS):
        words = path.name.removesuffix(".txt").split("_")
        kind = _kind(words, replay.kinds)
        if JOURNAL.fullmatch(path.name) and not path.name.startswith("journalctl_--list"):
            yield from matched(host, path.name, [_tail(path)])
        elif kind:
            try:
                facts, judgements = replay.text(kind, path.read_bytes()[:MOST_BYTES], host.for_unit())
            except (NotThatKind, OSError) as error:
                unchecked.append(Unchecked(f"{path.parent.name}/{path.name}", str(error)[:256]))
            else:
                if facts.keys() == {"complaint"} and not judgements:  # words instead of a listing
                    unchecked.append(
                        Unchecked(f"{path.parent.name}/{path.name}", str(facts["complaint"])[:256])
                    )
                yield from (_named(one, words) for one in judgements)
    for _, judgements in replay.tree("", host.for_unit()):
        yield from judgements
    for unit in SNAPSHOTS:
        try:
            yield from unit.read(host.for_unit())
        except (OSError, ValueError, IndexError):
            continue  # that file was not collected
    for path in _logs(root):
        file = "/" + str(path.relative_to(root))
        yield from matched(host, file, [_tail(path)], file)


def _kind(words: list[str], kinds: Iterable[str]) -> str:
    """``ethtool_-S_eth0`` → ``ethtool``; ``docker_ps_-a`` → ``docker_ps``."""
    plain = [word for word in words if not word.startswith("-")]
    for count in (3, 2, 1):
        kind = "_".join(plain[:count]).lower().replace("-", "_")
        if kind in kinds:
            return kind
    return ""


def _named(judgement: Judgement, words: list[str]) -> Judgement:
    """A listing of one device does not say which: the name of the file does."""
    match = DEVICE.match(words[-1])
    if match is None or len(words) < 2 or not PLACEHOLDERS.search(judgement.subject):
        return judgement
    subject = PLACEHOLDERS.sub(f"/{match[1]}", judgement.subject)
    return msgspec.structs.replace(judgement, subject=subject)


def _logs(root: Path) -> Iterator[Path]:
    folder = root / "var/log"
    if folder.is_dir():
        yield from (one for one in sorted(folder.iterdir()) if one.is_file() and LOGS.fullmatch(one.name))
        for program in PROGRAM_LOGS:
            yield from (one for one in _files(folder / program) if one.name.endswith(("log", "_log")))


def _files(folder: Path) -> Iterator[Path]:
    """Regular files inside, and nothing outside: a collected link may point anywhere."""
    found = sorted(folder.rglob("*"))[:MOST_FILES] if folder.is_dir() else []
    yield from (one for one in found if one.is_file() and not one.is_symlink())


def _tail(path: Path) -> bytes:
    """The end of a long log is what led to its being collected."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - MOST_LOG))
            return file.read(MOST_LOG)
    except OSError:
        return b""


def _inventory(host: Host) -> Inventory:
    try:
        return discover(host)
    except (OSError, ValueError, IndexError):
        return Inventory(host=host.name, at=time.time())


def _numbered(judgements: Iterable[Judgement]) -> list[Observation]:
    state, now = EdgeState(), time.time()
    for one in judgements:
        log_born = one.signal.startswith("log.") and kind_of(one.subject) != "file"
        finding = Finding(
            judgement=one, at=now, source="collected", confirmed=not log_born, occurrence=log_born
        )
        state.apply(cleaned(finding))
    return numbered(state)
