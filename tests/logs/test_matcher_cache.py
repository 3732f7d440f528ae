"""The compiled database on disk is used only if it is whole, ours, and nobody else's to read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rules.matching import cache
from rules.matching.engines import NUMBER_MASK, HyperscanEngine

PATTERNS = ["disk full", "link down"]
LINE = b"web1: disk full\n"


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    """The one file that the first start leaves."""
    HyperscanEngine(PATTERNS, tmp_path)
    (path,) = tmp_path.glob("*.hsdb")
    return path


@pytest.fixture
def compilations(monkeypatch) -> list[bytes]:
    """What is compiled from now on; the compiling itself stays as it is."""
    made: list[bytes] = []
    compile_in_child = cache._compile

    def counted(body: bytes) -> bytes:
        made.append(body)
        return compile_in_child(body)

    monkeypatch.setattr(cache, "_compile", counted)
    return made


def found(folder: Path) -> list[int]:
    return [event & NUMBER_MASK for event in HyperscanEngine(PATTERNS, folder).find(LINE)]


def test_second_start_compiles_nothing(cached, compilations):
    assert found(cached.parent) == [0]
    assert compilations == []


def test_only_the_owner_may_read_the_file(cached):
    assert cached.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\0" * 4096])
def test_damaged_file_is_compiled_anew(cached, compilations, content):
    cached.write_bytes(content)
    assert found(cached.parent) == [0]
    assert len(compilations) == 1


@pytest.mark.parametrize("at", [0.3, 0.7])
def test_cut_file_is_compiled_anew(cached, compilations, at):
    whole = cached.read_bytes()
    cached.write_bytes(whole[: int(len(whole) * at)])
    assert found(cached.parent) == [0]
    assert len(compilations) == 1


def test_changed_byte_is_noticed(cached, compilations):
    whole = bytearray(cached.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    cached.write_bytes(whole)
    assert found(cached.parent) == [0]
    assert len(compilations) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_file_that_others_may_read_or_write_is_not_used(cached, compilations, mode):
    cached.chmod(mode)
    assert found(cached.parent) == [0]
    assert len(compilations) == 1
    assert cached.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of another user")
def test_file_of_another_user_is_not_used(cached, compilations):
    os.chown(cached, 65534, 65534)
    assert found(cached.parent) == [0]
    assert len(compilations) == 1
    assert cached.stat().st_uid == 0


def test_link_is_not_followed(cached, compilations, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    cached.rename(elsewhere)
    cached.symlink_to(elsewhere)
    assert found(cached.parent) == [0]
    assert len(compilations) == 1


def test_other_patterns_have_another_file_and_the_old_one_goes(cached):
    HyperscanEngine([*PATTERNS, "out of memory"], cached.parent)
    (path,) = cached.parent.glob("*.hsdb")
    assert path != cached


def test_folder_that_cannot_be_written_costs_only_the_compilation(compilations, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert found(blocked) == [0]
    assert len(compilations) == 1


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("model name : EPYC\nflags : fpu avx avx2 vaes", True),
        ("model name : Xeon\nflags : fpu avx2 avx", True),
        ("model name : EPYC\nflags : fpu avx", False),
        ("model name : EPYC\nflags : fpu avx avx2 avx512f", False),
    ],
)
def test_a_database_serves_all_processors_with_the_same_vector_instructions(tmp_path, other, same):
    mine, others = tmp_path / "mine", tmp_path / "others"
    mine.write_text("model name : EPYC\nflags : fpu avx avx2\n")
    others.write_text(f"{other}\n")
    assert (cache.processor(mine) == cache.processor(others)) is same
