"""The compiled signatures, handed from lab to lab: else each of ten hosts would make its own."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from drills.node import Node

KEPT = Path.home() / ".cache" / "rootward-drills"
"""Of whoever runs the labs. An agent takes only what its very signatures and processor made."""
CACHE = "/var/lib/rootward/agent/cache"
PATTERN = "signatures-*.hsdb"
AT_MOST = 3
"""Made by different versions of the signatures: checkouts beside each other use the same folder."""


def lend(node: Node) -> None:
    """What labs before this one kept, before its agent starts."""
    for path in _kept():
        _copy(path, node.path(CACHE))


def hand_on(node: Node, other: Node) -> None:
    for path in node.path(CACHE).glob(PATTERN):
        _copy(path, other.path(CACHE))


def keep(node: Node) -> None:
    """For the labs to come, once its agent is up."""
    for path in node.path(CACHE).glob(PATTERN):
        if not (KEPT / path.name).exists():
            _copy(path, KEPT)
    for path in _kept()[AT_MOST:]:
        path.unlink(missing_ok=True)


def _kept() -> list[Path]:
    """The newest first."""
    found: list[tuple[float, Path]] = []
    for path in KEPT.glob(PATTERN):
        with suppress(FileNotFoundError):  # another lab has dropped it
            found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)]


def _copy(path: Path, folder: Path) -> None:
    """Whole or not at all, and for its owner alone: other labs read and write here too."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as apart:
        partial = Path(apart, path.name)
        try:
            shutil.copyfile(path, partial)
        except FileNotFoundError:  # another lab has dropped it
            return
        partial.chmod(0o600)
        partial.replace(folder / path.name)
