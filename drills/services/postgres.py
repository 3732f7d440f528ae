"""PostgreSQL on the volume of its host."""

from __future__ import annotations

import shutil
from pathlib import Path

from drills.errors import LabError
from drills.layout import BY_NAME
from drills.node import Node, Service

DATA = "/srv/data/postgresql"
LOG = "/var/log/postgresql/postgresql.log"
SETTINGS = {
    "listen_addresses": "*",
    "unix_socket_directories": "/run/postgresql",
    "shared_buffers": "8MB",
    "max_connections": "40",
    "max_wal_size": "8MB",
    "min_wal_size": "2MB",
    "max_parallel_workers": "0",
    "autovacuum": "off",
}
ITEMS = "CREATE TABLE items AS SELECT n AS id, 'item ' || n AS name FROM generate_series(1, 100) n"
ACCESS = "host all all 10.77.0.0/16 trust\nhost replication all 10.77.0.0/16 trust\n"
REPLICA = "/var/lib/postgresql/replica"
AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups")


def programs() -> Path:
    """Where Debian keeps the newest PostgreSQL. Raises LabError when there is none."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not versions:
        raise LabError("PostgreSQL is not installed; see deploy/debian")
    return versions[-1].parent


def service(data: str = DATA) -> Service:
    settings = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
    return Service(
        name="postgres",
        argv=(str(programs() / "postgres"), "-D", data, *settings),
        log=LOG,
        user="postgres",
    )


def prepare(node: Node) -> None:
    """A new cluster with its one table, before the server is started."""
    for place in ("/srv/data", "/run/postgresql"):
        node.path(place).mkdir(parents=True, exist_ok=True)
        node.run("chown", "postgres:", place)
    bin_ = programs()
    node.run(
        *AS_POSTGRES,
        str(bin_ / "initdb"),
        *("-D", DATA, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1"),
        timeout=90,
    )
    with node.path(f"{DATA}/pg_hba.conf").open("a") as rules:
        rules.write(ACCESS)
    node.run(*AS_POSTGRES, str(bin_ / "postgres"), "--single", "-D", DATA, "postgres", stdin=ITEMS + "\n")


def start(node: Node, data: str = DATA) -> None:
    node.path("/run/postgresql").mkdir(exist_ok=True)
    node.run("chown", "postgres:", "/run/postgresql")
    node.start(service(data))


def prepare_replica(node: Node) -> None:
    """A copy of the primary that follows it."""
    node.path(REPLICA).parent.mkdir(parents=True, exist_ok=True)
    node.run("chown", "postgres:", str(Path(REPLICA).parent))
    node.run(
        *AS_POSTGRES,
        str(programs() / "pg_basebackup"),
        *("-h", BY_NAME["db1"].address, "-U", "postgres", "-D", REPLICA, "-R", "--no-sync"),
        *("--checkpoint=fast", "--wal-method=stream"),
        timeout=60,
    )


def start_replica(node: Node) -> None:
    start(node, REPLICA)
