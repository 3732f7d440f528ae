"""What programs would compile at their first start, made ahead here: emulated, that alone takes minutes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from drills.compiled import KEPT, PATTERN
from drills.errors import LabError
from drills.lab import PROJECT
from drills.machine.guest import Guest

PLACE = KEPT / "lent"
"""The virtual machine sees it at the same path."""
CODE = PLACE / "code"
CACHE = "/var/lib/rootward/agent/cache"
USER = "rootward-agent"
PACKAGES = ("wire", "kernel", "rules", "probes", "collectors", "agent", "cli")
PROGRAMS = "import agent.main, agent.workers.worker, cli.agent, cli.main"
UNITS = "units.json"
READ = "import pathlib, sys, agent.units.declared as units; units.known_units(pathlib.Path(sys.argv[1]))"
"""What the units declare, as an agent keeps it for sources of these paths, sizes and times."""
UNIT = f"[Service]\nEnvironment=PYTHONPYCACHEPREFIX={CODE}\n"


def prepare() -> None:
    """Byte code of the agent and of what it stands on, declarations of its units, compiled signatures.

    Raises LabError.
    """
    PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
    _python("-m", "compileall", "-q", "-o", "0", "-o", "2", *PACKAGES)
    for flags in ((), ("-OO",)):
        _python(*flags, "-c", PROGRAMS)
    for path in KEPT.glob(PATTERN):
        shutil.copyfile(path, PLACE / path.name)
        (PLACE / path.name).chmod(0o600)  # from a file that others may read nothing is taken
    _python("-OO", "-c", READ, str(PLACE / UNITS))
    _python("-m", "cli.main", "rules", "match", os.devnull, "--cache", str(PLACE))


def _python(*argv: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(CODE)
    done = subprocess.run(
        [sys.executable, *argv], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LabError(f"the product cannot be compiled: {(done.stdout + done.stderr)[-1000:]}")


def lend(guest: Guest) -> None:
    """Before its agent starts, which takes only signatures that its very rules and processor made."""
    guest.write("/etc/systemd/system/rootward-agent.service.d/code.conf", UNIT)
    guest.run("systemctl", "daemon-reload")
    guest.run("install", "-d", "-o", USER, "-m", "0700", str(Path(CACHE).parent), CACHE)
    for path in PLACE.glob(PATTERN):
        guest.run("install", "-o", USER, "-m", "0600", str(path), CACHE)
    guest.run("install", "-o", USER, "-m", "0600", str(PLACE / UNITS), str(Path(CACHE).parent))


def keep(guest: Guest) -> None:
    """For the machines to come, once its agent is up."""
    for path in guest.run("find", CACHE, "-name", PATTERN).stdout.split():
        kept = KEPT / Path(path).name
        if not kept.exists():
            kept.write_bytes(guest.read(path))
            kept.chmod(0o600)
