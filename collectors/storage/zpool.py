"""Are the ZFS pools healthy, and have they room? Values: devices in trouble; used share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.source import Source, TreeSource
from collectors.storage.zpool_facts import Pool, Zpools, parse_list, parse_properties, parse_status
from collectors.storage.zpool_parts import remember
from collectors.sysfs import Files, names
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar, unknown

HEALTH, SPACE = "zfs.pool", "pool.space"
COLLECTOR = Collector(
    signals=(HEALTH, SPACE),
    layer=Layer.HARDWARE,
    interval=60.0,
    timeout=25.0,
    risky=True,
    where=("/proc/spl/kstat/zfs/*/state",),
)
KSTAT = "/proc/spl/kstat/zfs"
FULL, HIGH = 97.0, 90.0
"""Percent: ZFS becomes very slow before it is full."""
WHOLE = frozenset(["ONLINE", "AVAIL", "INUSE", "OFFLINE", ""])
"""Of a device; OFFLINE is somebody's wish, and shows as a degraded pool."""
STOPPED = frozenset(["FAULTED", "UNAVAIL", "SUSPENDED", "REMOVED"])
LOST = ("Permanent errors", "data errors", "unrecoverable")


def read(host: Host) -> Iterable[Judgement]:
    """``zpool status`` and ``zpool list``, only where the module holds a pool."""
    pools = gather(host)
    if pools is None:
        return
    status = host.run(["zpool", "status"], timeout=10.0)
    if not status.ok:
        yield from judge(pools, host)
        if status.late:
            for one in pools.pools:
                yield unknown(SPACE, entity.pool(host.name, one.name), Reason.DEADLINE, tool="zpool")
        return
    listed = host.run(["zpool", "list", "-p"], timeout=10.0)
    for parse, done in ((parse_status, status), (parse_list, listed)):
        try:
            found = parse(done.out)
        except ValueError:
            continue
        signal = HEALTH if parse is parse_status else SPACE
        if signal == HEALTH:
            remember(found, host)
        yield from (one for one in judge(found, host) if one.signal == signal)


def gather(host: Host) -> Zpools | None:
    """The state of each pool from the kernel, which answers even when the pool is suspended."""
    files = Files(host)
    pools = [
        Pool(name=name, state=state)
        for name in names(host, KSTAT)
        if (state := files.text(f"{KSTAT}/{name}/state"))
    ]
    states = [one.state for one in pools]
    return Zpools(tuple(pools), {state: states.count(state) for state in states}) if pools else None


def judge(found: Zpools, host: Host) -> Iterator[Judgement]:
    for one in found.pools:
        subject = entity.pool(host.name, one.name)
        troubled = [device for device in one.devices if device.state not in WHOLE or device.errors]
        facts: dict[str, Scalar] = {"state": one.state}
        if troubled:
            facts["devices"] = "; ".join(
                _told(device.name, device.state, device.errors) for device in troubled
            )
        facts |= {name: text for name, text in (("status", one.status), ("scan", one.scan)) if text}
        if any(word in one.errors for word in LOST) and "No known" not in one.errors:
            facts["errors"] = one.errors
        yield judged(HEALTH, subject, _reason(one, facts, bool(troubled)), len(troubled), **facts)
        if one.capacity is not None:
            share = one.capacity
            reason = Reason.FULL if share >= FULL else Reason.HIGH if share >= HIGH else Reason.OK
            yield judged(SPACE, subject, reason, share / 100)


def _told(name: str, state: str, errors: int) -> str:
    return f"{name} {state}" + (f" {errors} errors" if errors else "")


def _reason(one: Pool, facts: dict[str, Scalar], troubled: bool) -> Reason:  # noqa: FBT001
    if one.state in STOPPED:
        return Reason.STOPPED
    if one.state == "DEGRADED":
        return Reason.DEGRADED
    return Reason.ERRORS if troubled or "errors" in facts else Reason.OK


def facts(found: Zpools) -> dict[str, JSON]:
    pools = {one.name: {k: v for k, v in msgspec.to_builtins(one).items() if v} for one in found.pools}
    return {"states": found.states, "pools": pools}


KINDS = ("zpool", "zfspool", "zpool_status", "zpool_list", "zfs")
SOURCES = (
    Source[Zpools](kinds=KINDS, parse=parse_status, judge=judge, facts=facts, nothing=Zpools((), {})),
    Source[Zpools](kinds=KINDS, parse=parse_list, judge=judge, facts=facts),
    Source[Zpools](kinds=KINDS, parse=parse_properties, judge=judge, facts=facts),
    TreeSource[Zpools](kinds=KINDS, gather=gather, judge=judge, facts=facts),
)
