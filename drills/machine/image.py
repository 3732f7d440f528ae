"""The image of the virtual machine: built once from Debian's packages, and kept for the next run."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path

import msgspec

from drills.command import run
from drills.compiled import KEPT
from drills.errors import LabError
from drills.machine import recipe

AT_MOST = 2
"""Images of different recipes that are kept."""
BUILDING = 3600.0
GIGABYTES = 3
SPARED = ("doc", "man", "locale", "info")
"""Below /usr/share; nobody reads them there."""


class Image(msgspec.Struct, frozen=True):
    """A file system that nobody writes to, and what boots it."""

    place: Path

    @property
    def root(self) -> Path:
        return self.place / "root.img"

    @property
    def kernel(self) -> Path:
        return self.place / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.place / "initrd"


def image(kept: Path = KEPT) -> Image:
    """From the cache, or made now, which takes some minutes. Raises LabError."""
    try:
        suite = recipe.suite(Path("/etc/os-release").read_text())
    except LookupError as error:
        raise LabError(str(error)) from None
    place = kept / f"machine-{recipe.fingerprint(suite)}"
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (kept / "machine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be building the same
        if not place.exists():
            with tempfile.TemporaryDirectory(dir=kept, prefix=".machine-") as apart:
                _build(suite, Path(apart))
                (Path(apart) / "done").rename(place)
            _forget(kept, place)
    return Image(place)


def _build(suite: str, apart: Path) -> None:
    tree, done = apart / "tree", apart / "done"
    done.mkdir()
    try:
        archives = recipe.sources(run(recipe.TARGETS).stdout)
    except LookupError as error:
        raise LabError(str(error)) from None
    spared = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in SPARED]
    wanted = f"--include={','.join(recipe.packages())}"
    hook = f"--customize-hook={recipe.PREPARE}"
    make = ["mmdebstrap", "--quiet", "--variant=minbase", *spared, wanted, hook, suite, str(tree), *archives]
    run(make, timeout=BUILDING)
    built = Image(done)
    shutil.copyfile(tree / "vmlinuz", built.kernel)
    shutil.copyfile(tree / "initrd.img", built.initrd)
    run(["truncate", f"--size={GIGABYTES}G", str(built.root)])
    run(["mkfs.ext4", "-q", "-d", str(tree), str(built.root)], timeout=BUILDING)


def _forget(kept: Path, newest: Path) -> None:
    """Those of older recipes."""
    others = sorted(
        (path for path in kept.glob("machine-*") if path != newest), key=lambda p: p.stat().st_mtime
    )
    for path in others[: max(0, len(others) - AT_MOST + 1)]:
        shutil.rmtree(path)
