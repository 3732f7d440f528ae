"""Are the peers of this Gluster node connected? Value: peers that are not, and bricks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from collectors.asking import answered
from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar

SIGNAL = "gluster.peers"
COLLECTOR = Collector(
    signals=(SIGNAL,),
    layer=Layer.HARDWARE,
    interval=60.0,
    timeout=20.0,
    risky=True,
    where=("/var/lib/glusterd/peers/*",),
)
LINE = re.compile(r"^(?P<name>Hostname|Uuid|State): (?P<value>.*)$")
BRICK = re.compile(r"^Brick (?P<name>\S+:/\S+)\s*(?P<rest>.*)$")
DAEMON = re.compile(r"^(?P<name>[A-Z][\w -]+ on \S+)\s+(?P<rest>\S.*)$")
ONLINE = re.compile(r"^\S+(?:\s+\S+)?\s+(?P<online>[YN])\s+\S+\s*$")
"""TCP Port, RDMA Port, Online, Pid; a long name has them on the line after its own."""
STATUS = re.compile(r"^Status: (?P<status>.+)$")
"""Of a brick, by ``volume heal … info``."""
MARKS = ("Number of Peers:", "peer status", "No peers present", "Connection failed")
PLACE = "/var/lib/glusterd/peers"


class Peers(msgspec.Struct, frozen=True):
    states: dict[str, str]
    """Name → ``Peer in Cluster (Connected)``."""
    complaint: str = ""
    bricks: dict[str, bool] = {}
    """Brick, or daemon of a node → whether it is online."""


def read(host: Host) -> Iterable[Judgement]:
    """``gluster peer status``, only on a node that has peers."""
    try:
        peers = host.list(PLACE, 1)
    except OSError:
        return
    if peers:
        done = host.run(["gluster", "--mode=script", "peer", "status"], timeout=15.0)
        subject = entity.pool(host.name, "gluster")
        yield from answered(done, parse, judge, host, otherwise=(SIGNAL, subject), tool="gluster")


def parse(raw: bytes) -> Peers:
    """``peer status``, ``volume status`` and ``volume heal … info``. Raises ValueError for other text."""
    lines = lines_of(raw)
    bricks = _bricks(lines)
    states: dict[str, str] = {}
    name = ""
    for line in lines:
        found = LINE.match(line)
        if found and found["name"] == "Hostname":
            name = found["value"].strip()
        elif found and found["name"] == "State":
            states[name] = found["value"].strip()
    failed = next((line.strip() for line in lines if line.startswith("Connection failed")), "")
    if not states and not bricks and not any(mark in line for line in lines for mark in MARKS):
        raise ValueError("no peer status of gluster")
    return Peers(states, failed[:256], bricks)


def _bricks(lines: list[str]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    name = ""
    for line in lines:
        head = BRICK.match(line) or DAEMON.match(line)
        if head:
            name = head["name"][:256]
        if name and (told := ONLINE.match(head["rest"] if head else line.strip())):
            found[name] = told["online"] == "Y"
        elif name and (status := STATUS.match(line)):
            found[name] = status["status"].strip() == "Connected"
    return found


def judge(found: Peers, host: Host) -> Iterator[Judgement]:
    subject = entity.pool(host.name, "gluster")
    out = [name for name, state in found.states.items() if "(Connected)" not in state or "Rejected" in state]
    off = [name for name, online in found.bricks.items() if not online]
    reason = Reason.STOPPED if found.complaint else Reason.DEGRADED if out or off else Reason.OK
    words: dict[str, Scalar] = {"peers": len(found.states)}
    if out or off or found.complaint:
        told = [*(f"{name}: {found.states[name]}" for name in out), *(f"{name}: offline" for name in off)]
        words["found"] = found.complaint or "; ".join(told)[:512]
    yield judged(SIGNAL, subject, reason, len(out) + len(off), **words)


def facts(found: Peers) -> dict[str, JSON]:
    told: dict[str, JSON] = {"peers": dict(found.states)}
    if found.bricks:
        told["bricks"] = dict(found.bricks)
    return told | ({"complaint": found.complaint} if found.complaint else {})


SOURCE = Source(kinds=("gluster", "gluster_peer_status"), parse=parse, judge=judge, facts=facts)
