"""What the management of a RabbitMQ tells of its nodes and queues, and whose queues it keeps from us."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import msgspec

from collectors.clients.answer import NotPermitted

NODES = "/api/nodes"
QUEUES = "/api/queues?columns=name,vhost,messages,messages_ready,consumers,state"
VHOSTS = "/api/vhosts?columns=name"
MOST_QUEUES = 2_000
MOST_VHOSTS = 32


class Node(msgspec.Struct, frozen=True):
    """One entry of /api/nodes."""

    name: str = ""
    running: bool = True
    mem_alarm: bool = False
    disk_free_alarm: bool = False
    partitions: list[str] = []
    fd_used: float = 0
    fd_total: float = 0
    sockets_used: float = 0
    sockets_total: float = 0


class Queue(msgspec.Struct, frozen=True):
    """One entry of /api/queues."""

    name: str = ""
    vhost: str = "/"
    messages: int = 0
    messages_ready: int = 0
    consumers: int = 0
    state: str = "running"


class Vhost(msgspec.Struct, frozen=True):
    name: str = ""


class Facts(msgspec.Struct, frozen=True):
    nodes: list[Node]
    queues: list[Queue]
    hidden: list[str] = []
    """The virtual hosts whose queues this user may not see: the list is silent about them."""


def facts(page: Callable[[str], bytes]) -> Facts:
    """``page`` fetches a path. Raises what it raises, and msgspec.MsgspecError."""
    nodes = msgspec.json.decode(page(NODES), type=list[Node])
    queues = msgspec.json.decode(page(QUEUES), type=list[Queue])[:MOST_QUEUES]
    shown = {queue.vhost for queue in queues}
    silent = [
        one.name for one in msgspec.json.decode(page(VHOSTS), type=list[Vhost]) if one.name not in shown
    ]
    return Facts(nodes, queues, [name for name in silent[:MOST_VHOSTS] if _hidden(page, name)])


def _hidden(page: Callable[[str], bytes], vhost: str) -> bool:
    """A user without any permission there sees an empty list, unless he asks for that one alone."""
    try:
        page(f"/api/queues/{quote(vhost, safe='')}?columns=name")
    except NotPermitted:
        return True
    return False
