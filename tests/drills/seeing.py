"""How the tests look at the lab: with ordinary tools of its hosts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from drills.lab import Lab
from drills.layout import BY_NAME
from drills.node import Node
from tests import waiting


def page(node: Node, url: str) -> str:
    """Status and body, or what went wrong, as a client on that host sees it."""
    script = (
        "import sys, urllib.request, urllib.error\n"
        "try: answer = urllib.request.urlopen(sys.argv[1], timeout=4); code = answer.status\n"
        "except urllib.error.HTTPError as error: answer = error; code = error.code\n"
        "except OSError as error: print(repr(error)); sys.exit()\n"
        "print(code, answer.read().decode())"
    )
    return node.run(sys.executable, "-I", "-c", script, url, timeout=30).stdout.strip()


def pings(node: Node, name: str, count: int = 1) -> int:
    """How many of some quick pings were answered."""
    address = BY_NAME[name].address
    argv = ("ping", "-n", "-q", "-c", str(count), "-i", "0.02", "-W", "1", address)
    said = node.run(*argv, check=False).stdout
    return next((int(line.split()[3]) for line in said.splitlines() if "received" in line), 0)


def soon(true: Callable[[], object], seconds: float = 60) -> bool:
    return waiting.soon(true, seconds)


def shop_works(lab: Lab, name: str = "web1") -> bool:
    return soon(lambda: page(lab["ws1"], f"https://{name}.lab.test/").startswith("200"))


def left_over(prefix: str) -> list[str]:
    """Mounts, control groups, directories and processes of a lab that should be gone."""
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if prefix in line]
    groups = [str(place) for place in Path("/sys/fs/cgroup").glob(f"*/{prefix}*")]
    places = [str(place) for place in Path("/tmp").glob(f"{prefix}*")]
    images = [
        str(file) for file in Path("/sys/block").glob("loop*/loop/backing_file") if prefix in file.read_text()
    ]
    return mounts + groups + places + images
