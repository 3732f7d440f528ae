"""Rootward as its operator meets it, wherever it was installed: HTTP and the command line."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from drills.console import Console
from drills.errors import LabError
from drills.host import Host, Site

OPEN = frozenset(["new", "assigned", "in_progress", "pending"])
SETTLED = 12.0
"""Seconds; longer than a service must have run before its agent counts it as one."""
LEARNT = 70.0


class Rootward(ABC):
    """One real server and real enrolled agents, on the machines of a site."""

    look_every = 0.5
    """Seconds between two looks at the tickets."""
    patience = 1.0
    """How many times longer than in a lab everything may take."""

    def __init__(self, site: Site, watched: Sequence[str], home: str) -> None:
        """``watched``: the machines with an agent; ``home``: where the server keeps what it knows."""
        self.site, self.watched, self.home = site, tuple(watched), home
        self._console: Console | None = None

    @property
    @abstractmethod
    def serving(self) -> bool:
        """Whether the server is meant to answer."""

    @property
    @abstractmethod
    def central(self) -> Host:
        """The machine that the server runs on."""

    @property
    @abstractmethod
    def as_operator(self) -> tuple[str, ...]:
        """What a command of the operator begins with, on that machine."""

    @abstractmethod
    def start(self) -> None:
        """Raises LabError when the product does not get ready."""

    @abstractmethod
    def start_server(self) -> None:
        """Raises LabError with the server's last words when it does not get ready."""

    @abstractmethod
    def stop_server(self) -> None:
        """In order, as at a reboot of its host. Raises LabError when it does not end."""

    @abstractmethod
    def ways_in(self) -> Iterator[str]:
        """How a person gets into each machine."""

    @abstractmethod
    def save(self, place: Path) -> None:
        """What the product wrote and said, for whoever must find out why a drill failed."""

    def stop(self) -> None:
        if self._console:
            self._console.close()

    @property
    def console(self) -> Console:
        if self._console is None:
            raise LabError("the server was not started")
        return self._console

    def wait_for(self, name: str, seconds: float = 180) -> None:
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

    def tickets(self) -> list[dict[str, Any]]:
        found = self.console.get("/api/v1/tickets")
        return list(found if isinstance(found, list) else found["tickets"])

    def hosts(self) -> list[dict[str, Any]]:
        found = self.console.get("/api/v1/hosts")
        return list(found if isinstance(found, list) else found["hosts"])

    def listed(self) -> list[dict[str, Any]]:
        """The tickets by the command line, as people ask."""
        return list(json.loads(self._command("tickets", "--json")))

    def report(self, ticket: str) -> dict[str, Any]:
        """The diagnostic report of a ticket, as programs read it."""
        return dict(self.console.get(f"/api/v1/tickets/{ticket}/report", format="json"))

    def reports(self, ticket: str) -> Iterator[str]:
        """The report of a ticket in every form in which people read it."""
        for form in ("html", "md"):
            yield str(self.console.get(f"/api/v1/tickets/{ticket}/report", format=form))
        yield self._command("report", ticket)
        yield self._command("tickets")

    def resolve(self, number: object) -> None:
        """As a person who has done the repair."""
        begun = any(one["id"] == number and one["status"] == "in_progress" for one in self.tickets())
        for action in ("resolve",) if begun else ("start", "resolve"):
            self.console.post(f"/api/v1/tickets/{number}/{action}", {"reason": "the part was replaced"})

    def record(self, file: Path, since: float) -> None:
        """What agents said since then, by the command line. Raises LabError."""
        inside = f"{self.home}/recording.jsonl.gz"
        self._command("record", inside, "--since", repr(since))
        file.write_bytes(self.central.read(inside))

    def save_answers(self, place: Path) -> None:
        """What the server says of tickets and hosts, as far as it still answers."""
        for kind, ask in (("tickets", self.tickets), ("hosts", self.hosts)):
            try:
                said: object = ask()
            except LabError as error:
                said = str(error)
            (place / f"{kind}.json").write_text(json.dumps(said, indent=1, ensure_ascii=False))

    def _command(self, *argv: str) -> str:
        return self.central.run(*self.as_operator, *argv, timeout=60).stdout
