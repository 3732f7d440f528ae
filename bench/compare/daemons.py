"""The peers' programs: exporters as services of the lab's hosts, the two daemons beside them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.compare.settings import DATABASE, EXPORTER, PROBER
from drills.command import run
from drills.console import Console
from drills.errors import LabError
from drills.lab import Lab, wait_for_port
from drills.layout import BY_NAME, PLACES, SERVER
from drills.node import Node, Service

LOGS = "/var/log/prometheus"
BLACKBOX = "/etc/prometheus/blackbox.yml"
FOR_THE_LAB = ("--no-collector.systemd", "--collector.diskstats.device-exclude=^(ram|fd)[0-9]+$")
"""Beside the package's defaults: the hosts have no systemd, and their disks are loop devices, which are left
out by default."""
SOURCE = {"DATA_SOURCE_NAME": "user=postgres host=/run/postgresql dbname=postgres sslmode=disable"}
ENDING = 20.0


def start_exporters(lab: Lab, blackbox: str) -> None:
    """On every host with an agent, and again whenever it boots. ``blackbox``: text of its configuration."""
    hosts = [place.name for place in PLACES if place.agent]
    lab[SERVER].write(BLACKBOX, blackbox)
    for name in hosts:
        start_on(lab, name)
    lab.at_boot.append(lambda name: start_on(lab, name))
    for name in hosts:
        wait_for_port(lab[name], BY_NAME[name].address, EXPORTER)


def start_on(lab: Lab, name: str) -> None:
    node, place = lab[name], BY_NAME[name]
    if place.agent:
        node.start(_exporter("node", f"{place.address}:{EXPORTER}", *FOR_THE_LAB, user="prometheus"))
    if place.role == "monitoring":
        node.start(_exporter("blackbox", f"127.0.0.1:{PROBER}", f"--config.file={BLACKBOX}"))
    if place.role == "database":
        node.start(_exporter("postgres", f"{place.address}:{DATABASE}", user="postgres", env=SOURCE))


def _exporter(
    name: str, address: str, *more: str, user: str = "", env: Mapping[str, str] | None = None
) -> Service:
    """``user``: as whom; the one that pings needs root."""
    argv = (f"prometheus-{name}-exporter", f"--web.listen-address={address}", *more)
    log = f"{LOGS}/{name}-exporter.log"
    return Service(name=f"{name}-exporter", argv=argv, log=log, user=user, env=dict(env or {}))


class Daemon:
    """A program in the network of a lab host, and in nothing else of it.

    It is stopped between drills, which nobody on the host shall notice. It ends with this process.
    """

    def __init__(self, node: Node, argv: Sequence[str], log: Path) -> None:
        network = f"--net=/proc/{node.pid}/ns/net"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "nsenter", network, "--", *argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self._name, self._log = argv[0], log

    def wait_until_ready(self, console: Console, seconds: float = 60) -> None:
        """Raises LabError with its last words when it does not get ready."""
        until = time.monotonic() + seconds
        while True:
            try:
                console.get("/-/ready")
            except LabError:
                if time.monotonic() > until or self._process.poll() is not None:
                    said = self._log.read_text()[-1000:]
                    raise LabError(f"{self._name} does not get ready: {said}") from None
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def versions() -> list[str]:
    """Of the Debian packages, as ``name version``."""
    names = ["", "-alertmanager", "-node-exporter", "-blackbox-exporter", "-postgres-exporter"]
    asked = run(["dpkg-query", "-W", "-f=${Package} ${Version}\\n", *(f"prometheus{name}" for name in names)])
    return asked.stdout.splitlines()
