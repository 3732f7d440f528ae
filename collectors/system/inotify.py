"""Can programs watch more files? Value: used share, of the user and limit nearest to the end."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable

from collectors import cgroups
from collectors.host import Host
from collectors.judging import judged
from collectors.process_table import processes
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "host.inotify"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HOST, interval=600 * SECOND, timeout=20 * SECOND)
FOLDER = "/proc/sys/fs/inotify"
EXHAUSTED, HIGH = 0.97, 0.85
MOST_FILES = 1024
"""Descriptors looked at of one process."""
MOST_PROCESSES = 4096


def read(host: Host) -> Iterable[Judgement]:
    """inotify(7): both limits are per user; of others' processes only root may know."""
    most = {name: cgroups.number(host, f"{FOLDER}/max_user_{name}") for name in ("watches", "instances")}
    used: dict[str, Counter[int]] = {"watches": Counter(), "instances": Counter()}
    for pid in list(processes(host))[:MOST_PROCESSES]:
        _count(host, pid, used)
    shares = [
        (count / limit, name, user, count, limit)
        for name, limit in most.items()
        if limit
        for user, count in used[name].items()
    ]
    share, name, user, count, limit = max(shares, default=(0.0, "", 0, 0, 0))
    reason = Reason.EXHAUSTED if share >= EXHAUSTED else Reason.HIGH if share >= HIGH else Reason.OK
    yield judged(
        SIGNAL, entity.host(host.name), reason, round(share, 4), of=name, user=user, used=count, limit=limit
    )


def _count(host: Host, pid: int, used: dict[str, Counter[int]]) -> None:
    folder = f"/proc/{pid}/fd"
    try:
        names = host.list(folder, MOST_FILES)
        user = os.stat(host.path(f"/proc/{pid}")).st_uid  # noqa: PTH116 thousands of them
    except OSError:
        return
    for name in names:
        try:
            if host.read_link(f"{folder}/{name}") == "anon_inode:inotify":
                used["instances"][user] += 1
                used["watches"][user] += host.read(f"/proc/{pid}/fdinfo/{name}").count("inotify wd:")
        except OSError:  # closed just now
            continue
