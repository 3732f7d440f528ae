"""The kernel's word that a followed file grew."""

from __future__ import annotations

import asyncio
import time

import pytest

from collectors.logs.log_announced import Announced
from collectors.logs.log_folder import Folder


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "app.log").write_text("before\n")
    folder = Folder([f"{tmp_path}/*.log"], {})
    folder.rescan(time.time())
    yield folder
    folder.close()


def heard(folder, act):
    """What is told of one moment in which nothing happens, and of what ``act`` does after it."""

    async def listen():
        with Announced(folder) as announced:
            before = await announced.news()
            act()
            return before, await announced.news()

    return asyncio.run(listen())


def test_a_line_is_announced_and_silence_is_not(folder, tmp_path):
    def write():
        with (tmp_path / "app.log").open("a") as file:
            file.write("news\n")

    assert heard(folder, write) == (False, True)


def test_a_new_file_is_announced(folder, tmp_path):
    assert heard(folder, lambda: (tmp_path / "new.log").write_text("news\n")) == (False, True)


def test_a_file_that_was_moved_aside_is_announced(folder, tmp_path):
    assert heard(folder, lambda: (tmp_path / "app.log").rename(tmp_path / "app.log.1")) == (False, True)


def test_where_nothing_can_be_announced_it_is_time_to_look_anyway(folder, monkeypatch):
    monkeypatch.setattr("collectors.logs.log_announced.Announcements", _refused)
    assert heard(folder, lambda: None) == (True, True)


def _refused():
    raise OSError(24, "too many")
