"""Which processes hold a socket: the links in /proc/PID/fd, read only for sockets not met before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.host import Host
from collectors.process_table import Looked, Process, pids

FD_LIMIT = 16_384


def owners(host: Host, purpose: str, wanted: set[int], table: Looked) -> dict[int, tuple[int, ...]]:
    """Inode of a socket → pids. What may not be read, or has no owner here, is absent.

    Once found it is looked up again only when one of its processes is gone; what was sought in vain is sought
    only among new processes. Each purpose has its memory.
    """
    memory: _Memory = host.memory.setdefault(f"owners of {purpose}", _Memory())
    for inode in memory.known.keys() - wanted:
        del memory.known[inode]
    missing = {inode for inode in wanted if not _all_alive(memory.known.get(inode, {}), table)}
    if missing:
        _seek(host, memory, missing, table)
    else:
        memory.vain, memory.searched = set(), set()
    return {
        inode: tuple(pid for pid, started in holders.items() if _is_same(table.get(pid), started))
        for inode, holders in memory.known.items()
    }


class _Memory:
    def __init__(self) -> None:
        self.known: dict[int, dict[int, int]] = {}
        """Inode → its processes, with their start."""
        self.vain: set[int] = set()
        self.searched: set[int] = set()
        """Processes that were looked through for these."""


def _all_alive(holders: dict[int, int], table: Looked) -> bool:
    return bool(holders) and all(_is_same(table.get(pid), started) for pid, started in holders.items())


def _is_same(process: Process | None, started: int) -> bool:
    return process is not None and process.started == started


def _seek(host: Host, memory: _Memory, missing: set[int], table: Looked) -> None:
    if missing - memory.vain:
        among = {one.pid: one for one in table.everyone()}
        memory.searched = set(among)
    else:
        present = set(pids(host))
        among = {pid: one for pid in present - memory.searched if (one := table.get(pid)) is not None}
        memory.searched = present
    found = _search(host, missing, among.values())
    for inode, holders in found.items():
        memory.known[inode] = {pid: among[pid].started for pid in holders}
    memory.vain = missing - found.keys()


def _search(host: Host, wanted: set[int], among: Iterable[Process]) -> dict[int, list[int]]:
    targets = {f"socket:[{inode}]": inode for inode in wanted}
    found: dict[int, list[int]] = {}
    if not targets:
        return found
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
