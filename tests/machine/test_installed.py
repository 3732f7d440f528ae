"""The disk with the product holds what its agent needs, compiled, and nothing that changes by itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from drills.machine.installed import _follow, needed


def test_what_libraries_stand_on_is_needed_too_and_what_only_the_server_needs_is_not() -> None:
    names = {one.name.lower() for one in needed("rootward")}
    assert {"requests", "urllib3", "apscheduler", "tzlocal"} <= names
    assert not names & {"rootward", "litestar", "sqlalchemy", "pytest"}


@pytest.fixture
def copied(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "one.py").write_text("one = 1\n")
    (source / "two.py").write_text("two = 2\n")
    os.utime(source / "two.py", ns=(1_700_000_000_500_000_000,) * 2)
    _follow(source, target)
    return source, target


def test_a_copy_has_its_time_in_whole_seconds(copied: tuple[Path, Path]) -> None:
    assert (copied[1] / "two.py").stat().st_mtime_ns == 1_700_000_000_000_000_000


def test_what_was_made_of_a_source_that_stays_is_kept_and_what_has_no_source_any_more_goes(
    copied: tuple[Path, Path],
) -> None:
    source, target = copied
    made = target / "__pycache__" / "two.opt-2.pyc"
    made.parent.mkdir()
    made.write_bytes(b"")
    (source / "inner" / "one.py").unlink()
    _follow(source, target)
    assert made.exists()
    assert not (target / "inner" / "one.py").exists()


def test_a_source_that_changed_is_copied_anew(copied: tuple[Path, Path]) -> None:
    source, target = copied
    (source / "two.py").write_text("two = 22\n")
    _follow(source, target)
    assert (target / "two.py").read_text() == "two = 22\n"
