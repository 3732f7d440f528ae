"""Rootward with the virtual machine: its agent inside, installed as its unit says, and the server beside it.

The server is not what is harmed there, and emulated it alone would take minutes to start.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from drills.command import run
from drills.console import Console
from drills.errors import LabError
from drills.here import Here
from drills.machine import installed
from drills.machine.hardware import NAME, PORT, SERVER
from drills.machine.machine import Machine
from drills.product import Rootward
from drills.services.authority import CURVE

BESIDE = str(Path(sys.prefix, "bin", "rootward"))
STARTING = 900.0
STOPPING = 20.0
AS_AGENT = (
    *("setpriv", "--reuid", installed.USER, "--regid", installed.USER, "--init-groups", "env"),
    *(f"ROOTWARD_HOME={installed.HOME}", f"{installed.PLACE}/.venv/bin/rootward"),
)


class InMachine(Rootward):
    """The product, started with a machine that is up."""

    look_every = 2.0
    patience = 4.0

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, [NAME], str(machine.place / "server"))
        self.machine = machine
        self.url = f"https://127.0.0.1:{machine.port}"
        self._server: subprocess.Popen[bytes] | None = None
        folder = Path(self.home, "tls")
        self._certificate, self._key = folder / "ca.pem", folder / "server.key"

    @property
    def serving(self) -> bool:
        return self._server is not None

    @property
    def central(self) -> Here:
        return Here()

    @property
    def as_operator(self) -> tuple[str, ...]:
        return ("env", f"ROOTWARD_HOME={self.home}", f"ROOTWARD_SERVER={self.url}", BESIDE)

    def start(self) -> None:
        self._certify()
        self.start_server()
        guest = self.machine[NAME]
        self._install()
        installed.lend(guest)
        self._enroll()
        guest.run("systemctl", "enable", "--now", "rootward-agent")
        self.wait_for(NAME, STARTING)
        self.wait_until_known()

    def _certify(self) -> None:
        """By itself, as a server on a loopback makes no authority of its own; where operators look for it."""
        self._key.parent.mkdir(mode=0o700, parents=True)
        names = f"subjectAltName=IP:127.0.0.1,IP:{SERVER}"
        files = ("-keyout", str(self._key), "-out", str(self._certificate))
        about = ("-days", "30", "-subj", "/CN=server", "-addext", names)
        run(["openssl", "req", "-x509", *CURVE, *about, *files])

    def _install(self) -> None:
        """The agent, as its unit tells administrators to."""
        guest = self.machine[NAME]
        for name, place in (
            ("rootward-agent.sysusers", "/etc/sysusers.d/rootward-agent.conf"),
            ("rootward-agent.service", "/etc/systemd/system/rootward-agent.service"),
        ):
            guest.run("install", "-D", "-m", "0644", f"{installed.PLACE}/{installed.UNITS}/{name}", place)
        guest.run("systemd-sysusers")

    def _enroll(self) -> None:
        guest = self.machine[NAME]
        authority = "/etc/rootward/ca.pem"
        guest.write(authority, self._certificate.read_text())
        token = self.console.post("/api/v1/tokens", {"host": NAME, "ttl": STARTING})["token"]
        enroll = ("agent", "enroll", "--server", f"https://{SERVER}:{PORT}", f"--token={token}")
        guest.run(*AS_AGENT, *enroll, "--ca", authority, timeout=STARTING)

    def start_server(self) -> None:
        settings = {
            "ROOTWARD_HOME": self.home,
            "ROOTWARD_LISTEN": f"127.0.0.1:{self.machine.port}",
            "ROOTWARD_TLS_CERT": str(self._certificate),
            "ROOTWARD_TLS_KEY": str(self._key),
        }
        with (self.machine.place / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", BESIDE, "server", "run"],
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + STARTING
        while not self._ready():
            if time.monotonic() > until or self._server.poll() is not None:
                said = (self.machine.place / "server.log").read_text(errors="replace")
                raise LabError(f"the server does not get ready: {said[-2000:]}")
            time.sleep(0.5)

    def _ready(self) -> bool:
        try:
            if self._console is None:
                token = Path(self.home, "operator.token").read_text().strip()
                self._console = Console(None, self.url, token, str(self._certificate), self.patience)
            self.console.get("/readyz")
        except (LabError, OSError):
            return False
        return True

    def stop_server(self) -> None:
        server, self._server = self._server, None
        if server:
            server.terminate()
            try:
                server.wait(STOPPING * self.patience)
            except subprocess.TimeoutExpired:
                raise LabError("the server does not end") from None

    def stop(self) -> None:
        super().stop()
        if self._server:
            self._server.kill()
            self._server.wait()

    def ways_in(self) -> Iterator[str]:
        yield f"socat -,raw,echo=0 unix-connect:{self.machine.place}/terminal"

    def save(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / "console.log").write_text(self.machine.last_words())
        (place / "server.log").write_bytes((self.machine.place / "server.log").read_bytes())
        asked = {
            "journal.log": ("journalctl", "-b", "--no-pager", "-o", "short-iso"),
            "agent-check.txt": (*AS_AGENT, "agent", "check"),
        }
        for name, argv in asked.items():
            try:
                said = self.machine[NAME].run(*argv, timeout=STARTING, check=False)
                (place / name).write_text(said.stdout + said.stderr)
            except LabError as error:
                (place / name).write_text(str(error))
        self.save_answers(place)
