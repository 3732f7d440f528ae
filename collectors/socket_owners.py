"""Which processes hold a socket: the links in /proc/PID/fd, read only for sockets not met before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.host import Host
from collectors.process_table import Looked, Process

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
        _seek(host, memory, missing, {one.pid: one for one in table.everyone()})
    else:
        memory.vain, memory.searched = set(), {}
    return {
        inode: tuple(pid for pid, started in pids.items() if _is_same(table.get(pid), started))
        for inode, pids in memory.known.items()
    }


class _Memory:
    def __init__(self) -> None:
        self.known: dict[int, dict[int, int]] = {}
        """Inode → its processes, with their start."""
        self.vain: set[int] = set()
        self.searched: dict[int, int] = {}
        """Processes that were looked through, with their start."""


def _all_alive(pids: dict[int, int], table: Looked) -> bool:
    return bool(pids) and all(_is_same(table.get(pid), started) for pid, started in pids.items())


def _is_same(process: Process | None, started: int) -> bool:
    return process is not None and process.started == started


def _seek(host: Host, memory: _Memory, missing: set[int], everyone: dict[int, Process]) -> None:
    found = _search(host, missing - memory.vain, everyone.values())
    fresh = [one for one in everyone.values() if memory.searched.get(one.pid) != one.started]
    found |= _search(host, missing & memory.vain, fresh)
    for inode, pids in found.items():
        memory.known[inode] = {pid: everyone[pid].started for pid in pids}
    memory.vain = missing - found.keys()
    memory.searched = {one.pid: one.started for one in everyone.values()}


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
