"""What the tests of collectors share: trees of files as machines, and real things to look at."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from collectors.host import Host
from wire.judgement import Judgement

T = TypeVar("T")
NEW_NETWORK = 0x40000000


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class Tree:
    """A machine made of files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = Clock()

    def write(self, path: str, content: str) -> None:
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def host(self, **options: str) -> Host:
        return Host("box", str(self.root), clock=self.clock, ticks=self.clock, options=options)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.fixture
def host() -> Host:
    """This machine."""
    return Host("box")


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts Python programs by their text; ends them with the test. ``name`` is the script's."""
    children: list[subprocess.Popen[bytes]] = []

    def run(script: Path, text: str, *argv: str, **how: Any) -> subprocess.Popen[bytes]:
        script.write_text(text)
        child = subprocess.Popen(
            [sys.executable, str(script), *argv], stdout=subprocess.PIPE, stdin=subprocess.PIPE, **how
        )
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        return child

    yield run
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Mounts something on a folder of its own; unmounts it with the test."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    points: list[str] = []

    def mount(name: str, *argv: str) -> str:
        point = tmp_path / name
        point.mkdir()
        done = subprocess.run(["mount", *argv, str(point)], check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"this kernel does not mount it: {done.stderr.strip()}")
        points.append(str(point))
        return str(point)

    yield mount
    for point in reversed(points):
        subprocess.run(["umount", "--lazy", point], check=True)


def inside(namespace: str, work: Callable[[], T]) -> T:
    """Do something in a thread that lives in another network namespace."""
    results: list[T] = []

    def enter() -> None:
        with Path(f"/run/netns/{namespace}").open("rb") as door:
            assert ctypes.CDLL(None, use_errno=True).setns(door.fileno(), NEW_NETWORK) == 0
        results.append(work())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(200)
    return results[0]


def about(judgements: object, signal: str, ending: str = "") -> Judgement:
    """The one judgement of this signal whose subject ends so."""
    found = [one for one in judgements if one.signal == signal and one.subject.endswith(ending)]  # type: ignore[attr-defined]
    assert len(found) == 1, f"{len(found)} judgements of {signal} on …{ending}"
    return found[0]  # type: ignore[no-any-return]
