"""The programs of the lab's own: the shop, the partner it knows nothing of, and a source of time."""

from __future__ import annotations

import sys
from pathlib import Path

from drills.layout import BY_NAME
from drills.node import Node, Service

PROGRAMS = Path(__file__).parent.parent / "programs"
LOG = "/var/log/shopd.log"
SWITCHES = "/run/shopd"
PYTHON = (sys.executable, "-I", "-S")


def service(*, restart: bool = False) -> Service:
    argv = (*PYTHON, str(PROGRAMS / "shop.py"), "--port", "8000", "--database", BY_NAME["db1"].fqdn)
    return Service(name="shopd", argv=argv, log=LOG, restart=restart)


def start(node: Node) -> None:
    node.start(service())


def start_partner(node: Node, port: int) -> None:
    argv = (*PYTHON, str(PROGRAMS / "partner.py"), str(port))
    node.start(Service(name="partner", argv=argv, log="/var/log/partner.log"))


def start_time_source(node: Node) -> None:
    argv = (*PYTHON, str(PROGRAMS / "timeserver.py"))
    node.start(Service(name="timeserver", argv=argv, log="/var/log/timeserver.log"))
