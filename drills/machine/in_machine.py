"""Rootward in the virtual machine: installed as its units say, server and agent beside each other."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from drills.console import Console
from drills.errors import LabError
from drills.lab import PROJECT
from drills.machine import lent
from drills.machine.guest import Guest
from drills.machine.hardware import NAME
from drills.machine.machine import Machine
from drills.product import Rootward

HOME, AGENT_HOME = "/var/lib/rootward-server", "/var/lib/rootward"
ROOTWARD = "/opt/rootward/.venv/bin/rootward"
UNITS = "deploy/systemd"
STARTING = 300.0
AS_AGENT = ("setpriv", "--reuid", lent.USER, "--regid", lent.USER, "--init-groups", "env")
COMPILED = f"PYTHONPYCACHEPREFIX={lent.CODE}"


class InMachine(Rootward):
    """The product, started in a machine that is up."""

    look_every = 2.0

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, [NAME], HOME)
        self.machine = machine
        self.url = f"https://{machine.address}:8470"
        self._serving = False
        machine.at_boot.append(self._wait_for_server)

    @property
    def serving(self) -> bool:
        return self._serving

    @property
    def central(self) -> Guest:
        return self.machine[NAME]

    @property
    def as_operator(self) -> tuple[str, ...]:
        return ("env", COMPILED, f"ROOTWARD_HOME={HOME}", f"ROOTWARD_SERVER={self.url}", ROOTWARD)

    def start(self) -> None:
        guest = self.central
        guest.run("mkdir", "-p", "/opt/rootward")
        guest.run("ln", "-sfn", sys.prefix, "/opt/rootward/.venv")
        self._install()
        lent.lend(guest)
        guest.run("systemctl", "enable", "rootward-server")
        self.start_server()
        self._enroll()
        guest.run("systemctl", "enable", "--now", "rootward-agent")
        self.wait_for(NAME, STARTING)
        lent.keep(guest)
        self.wait_until_known()

    def _install(self) -> None:
        """The agent, as its unit tells administrators to."""
        guest = self.central
        for name, place in (
            ("rootward-agent.sysusers", "/etc/sysusers.d/rootward-agent.conf"),
            ("rootward-agent.service", "/etc/systemd/system/rootward-agent.service"),
        ):
            guest.run("install", "-D", "-m", "0644", f"{PROJECT}/{UNITS}/{name}", place)
        guest.run("systemd-sysusers")
        guest.run("install", "-d", "-o", lent.USER, "-m", "0700", AGENT_HOME)

    def _enroll(self) -> None:
        guest = self.central
        authority = "/etc/rootward/ca.pem"
        guest.run("install", "-D", "-m", "0644", f"{HOME}/tls/ca.pem", authority)
        token = self.console.post("/api/v1/tokens", {"host": NAME, "ttl": 600})["token"]
        enroll = ("agent", "enroll", "--server", self.url, f"--token={token}", "--ca", authority)
        guest.run(*AS_AGENT, COMPILED, f"ROOTWARD_HOME={AGENT_HOME}", ROOTWARD, *enroll, timeout=STARTING)

    def start_server(self) -> None:
        self.central.run("systemctl", "start", "rootward-server")
        self._wait_for_server()
        self._serving = True

    def _wait_for_server(self) -> None:
        until = time.monotonic() + STARTING
        while not self._ready():
            if time.monotonic() > until:
                said = self.central.run("journalctl", "-u", "rootward-server", "-n", "30", check=False).stdout
                raise LabError(f"the server does not get ready: {said[-2000:]}")
            time.sleep(1)

    def _ready(self) -> bool:
        try:
            if self._console is None:
                authority = self.machine.place / "ca.pem"
                authority.write_bytes(self.central.read(f"{HOME}/tls/ca.pem"))
                token = self.central.read(f"{HOME}/operator.token").decode().strip()
                here = f"https://127.0.0.1:{self.machine.port}"
                self._console = Console(None, here, token, str(authority))
            self.console.get("/readyz")
        except LabError:
            return False
        return True

    def stop_server(self) -> None:
        self._serving = False
        self.central.run("systemctl", "stop", "rootward-server")

    def ways_in(self) -> Iterator[str]:
        yield f"socat -,raw,echo=0 unix-connect:{self.machine.place}/terminal"

    def save(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / "console.log").write_text(self.machine.last_words())
        asked = {
            "journal.log": ("journalctl", "-b", "--no-pager", "-o", "short-iso"),
            "agent-check.txt": (
                *AS_AGENT,
                COMPILED,
                f"ROOTWARD_HOME={AGENT_HOME}",
                ROOTWARD,
                "agent",
                "check",
            ),
        }
        for name, argv in asked.items():
            try:
                said = self.central.run(*argv, timeout=120, check=False)
                (place / name).write_text(said.stdout + said.stderr)
            except LabError as error:
                (place / name).write_text(str(error))
        self.save_answers(place)
