"""The programs of the lab's own: the shop, the partner it knows nothing of, and a source of time."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drills.layout import BY_NAME
from drills.node import Node, Service

PROGRAMS = Path(__file__).parent.parent / "programs"
LOG = "/var/log/shopd.log"
SWITCHES = "/run/shopd"
SECRET, LICENCE = "/etc/shopd/secret", "/etc/shopd/licence"
PASSWORD = "shop"
"""Which PostgreSQL asks for only where a drill makes it."""
BACKUP = "/var/backups/shop.dump"
PYTHON = (sys.executable, "-I", "-S")


def service(*, restart: bool = False) -> Service:
    argv = (*PYTHON, str(PROGRAMS / "shop.py"), "--port", "8000", "--database", BY_NAME["db1"].fqdn)
    return Service(name="shopd", argv=argv, log=LOG, restart=restart)


def start(node: Node) -> None:
    node.start(service())


def files() -> dict[str, str]:
    """What lies on its host from the installation on."""
    return {SECRET: PASSWORD, LICENCE: licence(days=400)}


def licence(days: int) -> str:
    """That ends in so many days, as the maker of the shop writes it."""
    ends = datetime.now(UTC).date() + timedelta(days=days)
    return f"Product: shopd\nSeats: 50\nValid until: {ends.isoformat()}\n"


def start_backup(node: Node) -> None:
    argv = (*PYTHON, str(PROGRAMS / "hog.py"), "backups", "backupd", BACKUP)
    node.path(BACKUP).parent.mkdir(parents=True, exist_ok=True)
    node.start(Service(name="backupd", argv=argv, log="/var/log/backupd.log"))


def start_partner(node: Node, port: int) -> None:
    argv = (*PYTHON, str(PROGRAMS / "partner.py"), str(port))
    node.start(Service(name="partner", argv=argv, log="/var/log/partner.log"))


def start_time_source(node: Node) -> None:
    argv = (*PYTHON, str(PROGRAMS / "timeserver.py"))
    node.start(Service(name="timeserver", argv=argv, log="/var/log/timeserver.log"))
