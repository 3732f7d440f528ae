"""Nodes of a real RabbitMQ on loopback, with an epmd and a home of their own."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.applications.conftest import free_port, wait_for

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
AMQP = "listeners.tcp.1 = 127.0.0.1:{amqp}\n"
CONFIGURATION = f"""\
{AMQP}management.tcp.ip = 127.0.0.1
management.tcp.port = {{management}}
stomp.listeners.tcp.1 = 127.0.0.1:{{stomp}}
collect_statistics_interval = 250
handshake_timeout = 300000
"""
JOINS = (
    "cluster_formation.peer_discovery_backend = classic_config\ncluster_formation.classic_config.nodes.1 = "
)
MANAGES, MANAGED = "[rabbitmq_management,rabbitmq_stomp].", "[rabbitmq_management_agent]."
ON_LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"
PATIENCE = 900.0
"""Seconds: a machine of Erlang loads hundreds of modules, on a machine that may be busy with other things."""
FILES = "400"
"""How many a node may open: of these it gives 270 to sockets."""


class Node:
    """Runs once it is made. Killed with ``child``, which is the machine of Erlang itself."""

    def __init__(self, start: Callable[..., subprocess.Popen[bytes]], home: Path, epmd: int) -> None:
        self._start, self._home, self._epmd = start, home, epmd
        self.amqp, self.management, self.stomp = free_port(), free_port(), free_port()
        self.name = f"rootward-{self.amqp}@localhost"

    def run(self, joins: Node | None = None) -> Node:
        """One that joins another is managed by that."""
        place = self._home / self.name
        place.mkdir()
        text = CONFIGURATION if joins is None else f"{AMQP}{JOINS}{joins.name}\n"
        ports = {"amqp": self.amqp, "management": self.management, "stomp": self.stomp}
        (place / "rabbitmq.conf").write_text(text.format(**ports))
        (place / "plugins").write_text(MANAGED if joins else MANAGES)
        server = ("prlimit", f"--nofile={FILES}", str(PROGRAMS / "rabbitmq-server"))
        how = {"env": self._environment(place), "cwd": place}
        self.child = self._start(*server, port=self.amqp, seconds=PATIENCE, **how)
        wait_for(lambda: (joins or self).knows(self), f"the statistics of {self.name}", PATIENCE)
        return self

    def _environment(self, place: Path) -> dict[str, str]:
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self._home),  # of the cookie, which all of a cluster share
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd),
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CTL_DIST_PORT_MIN": str(port := free_port()),
            "RABBITMQ_CTL_DIST_PORT_MAX": str(port),
            "RABBITMQ_MNESIA_BASE": str(place),
            "RABBITMQ_LOG_BASE": str(place),
            "RABBITMQ_CONFIG_FILE": str(place / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(place / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(place / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ON_LOOPBACK,
            "RUNNING_UNDER_SYSTEMD": "1",  # no shell stays between us and the machine of Erlang
        }

    def control(self, *words: str) -> None:
        """Its own ``rabbitmqctl``."""
        argv = [str(PROGRAMS / "rabbitmqctl"), *words]
        environment = self._environment(self._home / self.name)
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr

    def call(self, path: str, method: str = "GET", **content: Any) -> Any:
        """Of its management, as the user that it comes with."""
        who = {"Authorization": "Basic " + base64.b64encode(b"guest:guest").decode()}
        data = json.dumps(content).encode() if content else None
        url = f"http://127.0.0.1:{self.management}/api/{path}"
        request = urllib.request.Request(url, data, who, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    def knows(self, node: Node) -> bool:
        """It has heard that node's statistics."""
        with suppress(OSError):
            return any(one["name"] == node.name and "fd_total" in one for one in self.call("nodes"))
        return False


def epmd(start: Callable[..., subprocess.Popen[bytes]], program: str) -> int:
    """The register of names that the nodes find each other by. Gives its port."""
    port = free_port()
    start(program, "-address", "127.0.0.1", "-port", str(port), port=port)
    return port


def needs_rabbit() -> None:
    if not (PROGRAMS / "rabbitmq-server").exists():
        pytest.skip("rabbitmq-server is not installed")
