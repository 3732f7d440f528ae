"""Rootward in the lab: one real server, a real enrolled agent on every host but the outside."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drills import compiled
from drills.agents import config_of
from drills.console import Console
from drills.errors import LabError
from drills.lab import Lab, each
from drills.layout import BY_NAME, CABLES, PLACES, SERVER, SWITCHES
from drills.node import Service

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
SETTLED = 12.0
"""Seconds; longer than a service must have run before its agent counts it as one."""
LEARNT = 70.0
OPEN = frozenset(["new", "assigned", "in_progress", "pending"])


class Rootward:
    """The product, started on top of a lab that is up."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._console: Console | None = None
        self._server = 0
        """Process number of the server inside its host; 0 while it is stopped."""
        self._unready = "it wrote no token"

    @property
    def serving(self) -> bool:
        """Whether the server is meant to answer."""
        return bool(self._server)

    @property
    def console(self) -> Console:
        if self._console is None:
            raise LabError("the server was not started")
        return self._console

    def start(self) -> None:
        self.start_server()
        each(self.enroll, HOSTS)
        self.lab.at_boot.append(self.start_agent)
        first, *others = HOSTS
        compiled.lend(self.lab[first])
        self.start_agent(first)
        self._wait_for(first)
        compiled.keep(self.lab[first])
        each(lambda name: compiled.hand_on(self.lab[first], self.lab[name]), others)
        each(self.start_agent, others)
        self.wait_until_known()

    def _wait_for(self, name: str, seconds: float = 180) -> None:
        """Until its agent has reported, and so has compiled its signatures."""
        until = time.monotonic() + seconds
        while not any(host["host"] == name and host["looks"] for host in self.hosts()):
            if time.monotonic() > until:
                raise LabError(f"the agent of {name} does not report")
            time.sleep(0.2)

    def wait_until_known(self, seconds: float = 120) -> None:
        """Until the agents have found what there is: no new look was taken up for some time.

        Who uses whom is learnt from connections, which a host tells once a minute.
        """
        began = since = time.monotonic()
        looks = -1
        while time.monotonic() < min(began + seconds, max(began + LEARNT, since + SETTLED)):
            time.sleep(1)
            now = sum(host["looks"] for host in self.hosts())
            if now != looks:
                looks, since = now, time.monotonic()

    def start_server(self, seconds: float = 90) -> None:
        """Raises LabError with the server's last words when it does not get ready."""
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
        """In order, as at a reboot of its host. Raises LabError when it does not end."""
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

    def resolve(self, number: object) -> None:
        """As a person who has done the repair."""
        for action in ("start", "resolve"):
            self.console.post(f"/api/v1/tickets/{number}/{action}", {"reason": "the part was replaced"})

    def tickets(self) -> list[dict[str, Any]]:
        found = self.console.get("/api/v1/tickets")
        return list(found if isinstance(found, list) else found["tickets"])

    def listed(self) -> list[dict[str, Any]]:
        """The same by the command line, as people ask."""
        return list(json.loads(self.lab[SERVER].run(*AS_OPERATOR, "tickets", "--json").stdout))

    def reports(self, ticket: str) -> Iterator[str]:
        """The report of a ticket in every form in which people read it."""
        for form in ("html", "md"):
            yield str(self.console.get(f"/api/v1/tickets/{ticket}/report", format=form))
        yield self.lab[SERVER].run(*AS_OPERATOR, "report", ticket).stdout
        yield self.lab[SERVER].run(*AS_OPERATOR, "tickets").stdout

    def record(self, file: Path, since: float) -> None:
        """What agents said since then, by the command line. Raises LabError."""
        node = self.lab[SERVER]
        inside = f"{HOME}/recording.jsonl.gz"
        node.run(*AS_OPERATOR, "record", inside, "--since", repr(since))
        shutil.move(node.path(inside), file)

    def report(self, ticket: str) -> dict[str, Any]:
        """The diagnostic report of a ticket, as programs read it."""
        return dict(self.console.get(f"/api/v1/tickets/{ticket}/report", format="json"))

    def hosts(self) -> list[dict[str, Any]]:
        found = self.console.get("/api/v1/hosts")
        return list(found if isinstance(found, list) else found["hosts"])

    def stop(self) -> None:
        if self._console:
            self._console.close()


def site() -> str:
    """What is declared because no agent can see it: which port of which switch each host is at."""
    tables = []
    for switch in SWITCHES:
        ports = [f"{cable.machine}/{cable.nic}" for cable in CABLES if cable.other == switch]
        tables.append(f'[[switch]]\nname = "{switch}"\nports = {json.dumps(ports)}\n')
    return "\n".join(tables)
