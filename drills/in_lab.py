"""Rootward in the lab: one real server, a real enrolled agent on every host but the outside."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from drills import compiled
from drills.agents import config_of
from drills.console import Console
from drills.errors import LabError
from drills.lab import Lab, each
from drills.layout import BY_NAME, CABLES, PLACES, SERVER, SWITCHES
from drills.node import Node, Service
from drills.product import Rootward

ROOTWARD = str(Path(sys.prefix, "bin", "rootward"))
HOME = "/var/lib/rootward-server"
CA, CONFIG = "/etc/rootward/ca.pem", "/etc/rootward/agent.toml"
URL = f"https://{BY_NAME[SERVER].address}:8470"
HOSTS = tuple(place.name for place in PLACES if place.agent)
SERVER_ENVIRONMENT = {
    "ROOTWARD_HOME": HOME,
    "ROOTWARD_LISTEN": f"{BY_NAME[SERVER].address}:8470",
    "ROOTWARD_NAMES": f"{BY_NAME[SERVER].fqdn},{BY_NAME[SERVER].address}",
}
AS_OPERATOR = ("env", f"ROOTWARD_HOME={HOME}", f"ROOTWARD_SERVER={URL}", ROOTWARD)


class InLab(Rootward):
    """The product, started on top of a lab that is up."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab, HOSTS, HOME)
        self.lab = lab
        self._server = 0
        """Process number of the server inside its host; 0 while it is stopped."""
        self._unready = "it wrote no token"

    @property
    def serving(self) -> bool:
        return bool(self._server)

    @property
    def central(self) -> Node:
        return self.lab[SERVER]

    @property
    def as_operator(self) -> tuple[str, ...]:
        return AS_OPERATOR

    def start(self) -> None:
        self.start_server()
        each(self.enroll, HOSTS)
        self.lab.at_boot.append(self.start_agent)
        first, *others = HOSTS
        compiled.lend(self.lab[first])
        self.start_agent(first)
        self.wait_for(first)
        compiled.keep(self.lab[first])
        each(lambda name: compiled.hand_on(self.lab[first], self.lab[name]), others)
        each(self.start_agent, others)
        self.wait_until_known()

    def start_server(self, seconds: float = 90) -> None:
        node = self.lab[SERVER]
        node.write(f"{HOME}/site.toml", site())
        pid = node.start(
            Service(
                name="server",
                argv=(ROOTWARD, "server", "run"),
                env=SERVER_ENVIRONMENT,
                log="/var/log/rootward-server.log",
            )
        )
        token, authority = node.path(f"{HOME}/operator.token"), node.path(f"{HOME}/tls/ca.pem")
        until = time.monotonic() + seconds
        while not (token.exists() and authority.exists() and self._ready()):
            if time.monotonic() > until:
                said = node.path("/var/log/rootward-server.log").read_text()[-2000:]
                raise LabError(f"the server does not get ready ({self._unready}): {said}")
            time.sleep(0.2)
        self._server = pid

    def stop_server(self, seconds: float = 20) -> None:
        node, pid, self._server = self.lab[SERVER], str(self._server), 0
        node.run("kill", pid)
        until = time.monotonic() + seconds
        while node.run("kill", "-0", pid, check=False).returncode == 0:
            if time.monotonic() > until:
                raise LabError("the server does not end")
            time.sleep(0.1)

    def _ready(self) -> bool:
        node = self.lab[SERVER]
        if self._console is None:
            token = node.path(f"{HOME}/operator.token").read_text().strip()
            self._console = Console(node, URL, token, str(node.path(f"{HOME}/tls/ca.pem")))
        try:
            self.console.get("/readyz")
        except LabError as error:
            self._unready = str(error)
            return False
        return True

    def enroll(self, name: str) -> None:
        node = self.lab[name]
        node.write(CONFIG, config_of(BY_NAME[name], URL, CA))
        node.write(CA, self.lab[SERVER].path(f"{HOME}/tls/ca.pem").read_text())
        token = self.console.post("/api/v1/tokens", {"host": name, "ttl": 600})["token"]
        node.run(ROOTWARD, "agent", "enroll", "--server", URL, f"--token={token}", "--ca", CA, timeout=60)

    def start_agent(self, name: str) -> None:
        node = self.lab[name]
        if not BY_NAME[name].agent:
            return
        node.start(
            Service(
                name="agent",
                argv=(ROOTWARD, "agent", "run", "--config", CONFIG),
                env=self.lab.environment.get(name, {}),
                log="/var/log/rootward-agent.log",
            )
        )

    def ways_in(self) -> Iterator[str]:
        for name, node in self.lab.nodes.items():
            yield f"{name:5} nsenter --target {node.pid} --all --wd --root"

    def save(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        for name, node in self.lab.nodes.items():
            for log in node.path("/var/log").glob("rootward-*.log") if node.up else ():
                shutil.copy(log, place / f"{name}-{log.name}")
            for stored in node.path(HOME).glob("rootward.db*") if node.up else ():
                shutil.copy(stored, place)
        self.save_answers(place)


def site() -> str:
    """What is declared because no agent can see it: which port of which switch each host is at."""
    tables = []
    for switch in SWITCHES:
        ports = [f"{cable.machine}/{cable.nic}" for cable in CABLES if cable.other == switch]
        tables.append(f'[[switch]]\nname = "{switch}"\nports = {json.dumps(ports)}\n')
    return "\n".join(tables)
