"""ZFS pools as ``zpool status``, ``zpool list`` and the kernel's kstat tell them (zpool-status(8))."""

from __future__ import annotations

import re

import msgspec

from collectors.parsing import lines_of, real, whole

STATES = ("ONLINE", "DEGRADED", "FAULTED", "OFFLINE", "UNAVAIL", "REMOVED", "SUSPENDED", "AVAIL", "INUSE")
STATE = re.compile(rf"\b(?:{'|'.join(STATES)})\b")
GROUPS = frozenset(["logs", "cache", "spares", "special", "dedup", "errors:"])
COLUMNS = ("NAME", "SIZE", "ALLOC", "FREE", "CAP", "HEALTH")
SIZE = re.compile(r"^[\d.]+[BKMGTPEZ]?$")


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a pool: a group of disks (mirror-0) or a disk."""

    name: str
    state: str
    read: int = 0
    write: int = 0
    checksum: int = 0
    note: str = ""

    @property
    def errors(self) -> int:
        return self.read + self.write + self.checksum


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    state: str
    status: str = ""
    """What the tool says is the matter."""
    scan: str = ""
    errors: str = ""
    devices: tuple[Device, ...] = ()
    capacity: float | None = None
    """Percent."""
    fragmentation: float | None = None


PROPERTIES = frozenset(["health", "capacity", "fragmentation"])


class Zpools(msgspec.Struct, frozen=True):
    pools: tuple[Pool, ...]
    states: dict[str, int]
    """How many pools and devices are in each state."""


def parse_status(raw: bytes) -> Zpools:
    """Raises ValueError for what is no ``zpool status``."""
    lines = lines_of(raw)
    starts = [n for n, line in enumerate(lines) if re.match(r"\s*pool:\s+\S", line)]
    if not starts:
        if any(line.startswith(("all pools are healthy", "no pools available")) for line in lines):
            return Zpools((), {})
        raise ValueError("no line with pool:")
    ends = [*starts[1:], len(lines)]
    pools = tuple(_status(lines[a:b]) for a, b in zip(starts, ends, strict=True))
    return Zpools(pools, _count([state for pool in pools for state in (pool.state, *_states(pool))]))


def _states(pool: Pool) -> list[str]:
    return [device.state for device in pool.devices]


def _count(states: list[str]) -> dict[str, int]:
    return {state: states.count(state) for state in dict.fromkeys(states)}


def _status(lines: list[str]) -> Pool:
    said: dict[str, list[str]] = {}
    key = ""
    for line in lines:
        head = re.match(r"^\s*(pool|state|status|action|see|scan|scrub|config|errors):\s*(.*)$", line)
        if head:
            key = head[1]
            said[key] = [head[2]]
        elif key:
            said[key].append(line)
    texts = {name: " ".join(" ".join(part).split())[:512] for name, part in said.items()}
    name = texts.get("pool", "")
    devices = [one for line in said.get("config", []) if (one := _device(line)) is not None]
    return Pool(
        name=name,
        state=texts.get("state", "") or next((one.state for one in devices if one.name == name), ""),
        status=texts.get("status", ""),
        scan=texts.get("scan", texts.get("scrub", "")),
        errors=texts.get("errors", ""),
        devices=tuple(one for one in devices if one.name != name),
    )


def _device(line: str) -> Device | None:
    words = line.split()
    if len(words) < 2 or words[1] not in STATES or words[0] in GROUPS:
        return None
    counts = [_errors(word) for word in words[2:5]] if len(words) >= 5 else [0, 0, 0]
    return Device(
        name=words[0][:128],
        state=words[1],
        read=counts[0],
        write=counts[1],
        checksum=counts[2],
        note=" ".join(words[5:])[:256] if len(words) > 5 else "",
    )


def _errors(word: str) -> int:
    """``1.2K`` errors are about 1200."""
    unit = {"K": 1_000, "M": 1_000_000, "G": 1_000_000_000}.get(word[-1:].upper(), 1)
    return int((real(word) or 0) * unit) if word[:1].isdigit() else 0


def parse_list(raw: bytes) -> Zpools:
    """``zpool list``, with -v and -p or not. Raises ValueError for what is none."""
    lines = [line for line in lines_of(raw) if line.strip()]
    head = next((n for n, line in enumerate(lines) if line.split()[:2] == ["NAME", "SIZE"]), None)
    if head is None:
        if any("no pools available" in line for line in lines):
            return Zpools((), {})
        return _headless(lines)
    names = lines[head].split()
    pools: list[Pool] = []
    states: list[str] = []
    for line in lines[head + 1 :]:
        words = line.split()
        found = STATE.search(line)
        if found:
            states.append(found[0])
        if not line.startswith((" ", "\t", "-")) and len(words) >= len(names) - 1 and words[0] not in GROUPS:
            row = dict(zip(names, words, strict=False))
            pools.append(
                Pool(
                    name=words[0][:128],
                    state=found[0] if found else "",
                    capacity=_percent(row.get("CAP", "")),
                    fragmentation=_percent(row.get("FRAG", "")),
                )
            )
        elif pools and found and words[0] not in GROUPS:
            device = Device(name=words[0][:128], state=found[0])
            pools[-1] = msgspec.structs.replace(pools[-1], devices=(*pools[-1].devices, device))
    return Zpools(tuple(pools), _count(states))


def _headless(lines: list[str]) -> Zpools:
    """``zpool list -H``, whatever its columns: parted by tabs, and every pool has its state."""
    pools: list[Pool] = []
    for line in lines:
        cells = line.split("\t")
        state = next((cell for cell in cells[1:] if cell in STATES), "")
        shares = [cell for cell in cells if cell.endswith("%")]
        if state and cells[0].strip():
            capacity = _percent(shares[-1]) if shares else None
            pools.append(Pool(name=cells[0].strip()[:128], state=state, capacity=capacity))
    if not pools:
        raise ValueError("no head with NAME and SIZE, no row of a pool")
    return Zpools(tuple(pools), _count([pool.state for pool in pools]))


def parse_properties(raw: bytes) -> Zpools:
    """``zpool get all``, of pools. Raises ValueError for what is none."""
    told: dict[str, dict[str, str]] = {}
    rows = [line.split() for line in lines_of(raw)]
    if ["NAME", "PROPERTY", "VALUE", "SOURCE"] not in rows:
        raise ValueError("no head with NAME and PROPERTY")
    for row in rows:
        if len(row) >= 4 and row[1] in PROPERTIES:
            told.setdefault(row[0][:128], {})[row[1]] = row[2]
    pools = tuple(
        Pool(
            name=name,
            state=values.get("health", ""),
            capacity=_percent(values.get("capacity", "")),
            fragmentation=_percent(values.get("fragmentation", "")),
        )
        for name, values in told.items()
    )
    return Zpools(pools, _count([pool.state for pool in pools if pool.state]))


def _percent(word: str) -> float | None:
    number = whole(word)
    return float(number) if number is not None and 0 <= number <= 100 else None
