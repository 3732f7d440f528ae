"""A real Docker engine with a socket, a data root and control groups of its own, and no network."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.applications.conftest import needs, wait_for

IMAGE = "box"
APPLETS = ("sh", "sleep", "touch", "false")
GROUPS = Path("/sys/fs/cgroup")
LEFT_BEHIND = ("/run/containerd/s", "/run/containerd", "/run/docker/plugins", "/run/docker")


class Engine:
    """What the client of Docker can do with it."""

    def __init__(self, place: Path) -> None:
        self.socket = place / "docker.sock"
        self._client = needs("docker")

    def run(self, name: str, *command: str, options: tuple[str, ...] = ()) -> None:
        """Starts a container of this name."""
        self.told("run", "--detach", "--network", "none", "--name", name, *options, IMAGE, *command)

    def state(self, name: str) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.told("inspect", "--format", "{{json .State}}", name))
        return state

    def told(self, *words: str) -> str:
        """Raises CalledProcessError."""
        argv = (self._client, "--host", f"unix://{self.socket}", *words)
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


@contextmanager
def engine(place: Path, group: str) -> Iterator[Engine]:
    """Skips where the kernel does not let it run a container. ``group`` is where its containers belong."""
    image = _image(place)
    new = [path for path in map(Path, LEFT_BEHIND) if not path.exists()]
    made = Engine(place)
    server = _started(made, place, group)
    try:
        wait_for(lambda: made.socket.exists() or server.poll() is not None, "dockerd")
        try:
            made.told("import", str(image), IMAGE)
            made.run("first", "/bin/sh", "-c", ":")
        except subprocess.CalledProcessError:
            pytest.skip("the kernel does not let Docker run a container here")
        yield made
    finally:
        with suppress(subprocess.CalledProcessError):
            if names := made.told("ps", "--all", "--quiet").split():
                made.told("rm", "--force", *names)
        server.terminate()
        server.wait(60)
        for folder in (*GROUPS.glob(f"*/{group}"), GROUPS / group, *new):
            with suppress(OSError):
                folder.rmdir()


def _started(made: Engine, place: Path, group: str) -> subprocess.Popen[bytes]:
    (place / "daemon.json").write_text("{}")
    places = ("--data-root", f"{place}/data", "--exec-root", f"{place}/exec", "--pidfile", f"{place}/pid")
    nothing_global = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false")
    others = ("--storage-driver", "vfs", "--cgroup-parent", f"/{group}")
    argv = (needs("dockerd"), "--config-file", f"{place}/daemon.json", "--host", f"unix://{made.socket}")
    with (place / "log").open("wb") as log:
        return subprocess.Popen(
            (*argv, *places, *nothing_global, *others), stdout=log, stderr=log, start_new_session=True
        )


def _image(place: Path) -> Path:
    """A file system with one program that is many."""
    path = place / "image.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(needs("busybox"), "bin/busybox")
        for name in APPLETS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return path
