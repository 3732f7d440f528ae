"""Which processes hold a socket: the links in /proc/PID/fd, read only for sockets not met before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.host import Host
from collectors.process_table import Process

FD_LIMIT = 16_384


def owners(
    host: Host, purpose: str, wanted: set[int], table: dict[int, Process]
) -> dict[int, tuple[int, ...]]:
    """Inode of a socket → pids. What may not be read, or has no owner here, is absent.

    Once found it is looked up again only when one of its processes is gone; each purpose has its memory.
    """
    known: dict[int, dict[int, int]] = host.memory.setdefault(f"owners of {purpose}", {})
    for inode in known.keys() - wanted:
        del known[inode]
    missing = {inode for inode in wanted if not _all_alive(known.get(inode, {}), table)}
    vain = f"sought in vain: {purpose}"
    missing -= _hopeless(host, vain, missing, table)
    if missing:
        for inode, pids in _search(host, missing, table.values()).items():
            known[inode] = {pid: table[pid].started for pid in pids}
        host.memory[vain] = (missing - known.keys(), frozenset(table))
    return {
        inode: tuple(pid for pid, started in pids.items() if pid in table and table[pid].started == started)
        for inode, pids in known.items()
    }


def _hopeless(host: Host, vain: str, missing: set[int], table: dict[int, Process]) -> set[int]:
    """What was not found is not sought again until there are other processes."""
    sought, among = host.memory.get(vain, (set(), frozenset()))
    return sought & missing if among >= table.keys() else set()


def _all_alive(pids: dict[int, int], table: dict[int, Process]) -> bool:
    return bool(pids) and all(pid in table and table[pid].started == at for pid, at in pids.items())


def _search(host: Host, wanted: set[int], among: Iterable[Process]) -> dict[int, list[int]]:
    targets = {f"socket:[{inode}]": inode for inode in wanted}
    found: dict[int, list[int]] = {}
    for process in among:
        if process.kernel:
            continue
        for _, link in open_files(host, process.pid):
            inode = targets.get(link)
            if inode is not None and process.pid not in found.setdefault(inode, []):
                found[inode].append(process.pid)
    return found


def open_files(host: Host, pid: int, limit: int = FD_LIMIT) -> Iterator[tuple[str, str]]:
    """Number and goal of the open files of a process; nothing where it is not permitted."""
    folder = f"/proc/{pid}/fd"
    try:
        names = host.list(folder, limit)
    except OSError:
        return
    for name in names:
        try:
            yield name, host.read_link(f"{folder}/{name}")
        except OSError:
            continue
