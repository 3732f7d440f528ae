"""Services that only some drills need: a drill names them, and its lab runs them from then on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec

from drills.layout import BY_NAME, OUTSIDE
from drills.node import Node, Service
from drills.services import postgres, ssh
from drills.services.shop import PROGRAMS, PYTHON

REDIS = """\
bind 0.0.0.0
protected-mode no
port 6379
dir /var/lib/redis
save ""
logfile /var/log/redis/redis-server.log
"""
HAPROXY = """\
global
    log /dev/log local0
    stats socket /run/haproxy.sock mode 600 level user
defaults
    mode http
    log global
    timeout connect 2s
    timeout client 10s
    timeout server 6s
frontend rates
    bind :8080
    default_backend partner
backend partner
    option httpchk GET /
    server partner1 {partner}:9001 check inter 1s
"""


class Optional(msgspec.Struct, frozen=True, kw_only=True):
    """One service, where it runs and how it is started."""

    host: str
    process: str
    start: Callable[[Node], object]
    """Also after each boot of the host."""
    ready: tuple[str, ...]
    """A command that succeeds on the host once the service serves."""
    prepare: Callable[[Node], object] = lambda _: None
    """Once."""


def listens(port: int) -> tuple[str, ...]:
    return ("bash", "-c", f"</dev/tcp/127.0.0.1/{port}")


def program(name: str, file: str, *rest: str) -> Callable[[Node], object]:
    """A program of the lab's own."""
    argv = (*PYTHON, str(PROGRAMS / file), *rest)
    return lambda node: node.start(Service(name=name, argv=argv, log=f"/var/log/{name}.log"))


def prepare_redis(node: Node) -> None:
    node.write("/etc/redis/redis.conf", REDIS)
    node.path("/var/lib/redis").mkdir(parents=True, exist_ok=True)
    node.path("/var/log/redis").mkdir(parents=True, exist_ok=True)


def start_redis(node: Node) -> None:
    argv = ("redis-server", "/etc/redis/redis.conf")
    node.start(Service(name="redis-server", argv=argv, log="/var/log/redis/console.log"))


def prepare_haproxy(node: Node) -> None:
    node.write("/etc/haproxy/haproxy.cfg", HAPROXY.format(partner=BY_NAME[OUTSIDE].address))


def start_haproxy(node: Node) -> None:
    argv = ("haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg")
    node.start(Service(name="haproxy", argv=argv, log="/var/log/haproxy.log"))


SERVICES = {
    "cache": Optional(
        host="app2",
        process="redis-server",
        prepare=prepare_redis,
        start=start_redis,
        ready=listens(6379),
    ),
    "carts": Optional(
        host="web2",
        process="cartd",
        start=program("cartd", "carts.py", BY_NAME["app2"].address, "6379"),
        ready=("true",),
    ),
    "replica": Optional(
        host="app2",
        process="postgres",
        prepare=postgres.prepare_replica,
        start=postgres.start_replica,
        ready=listens(5432),
    ),
    "rates": Optional(
        host=OUTSIDE,
        process="rates",
        start=program("rates", "partner.py", "9001", "rates"),
        ready=listens(9001),
    ),
    "balancer": Optional(
        host="web1",
        process="haproxy",
        prepare=prepare_haproxy,
        start=start_haproxy,
        ready=listens(8080),
    ),
    "share": Optional(
        host="ws1",
        process="shared",
        start=program("shared", "share.py", "/srv/share"),
        ready=("mountpoint", "-q", "/srv/share"),
    ),
    "syslog": Optional(
        host="web2",
        process="syslogd",
        start=program("syslogd", "syslog.py", "/var/log/auth.log"),
        ready=("test", "-S", "/dev/log"),
    ),
    "ssh": Optional(host="web2", process="sshd", prepare=ssh.prepare, start=ssh.start, ready=listens(22)),
}
ServiceName = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(SERVICES)})$")]
"""One of them, as drill files name it."""
