"""The page on what is tested leaves out nothing that can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.catalogue import load_catalogue

PAGE = (Path(__file__).parents[2] / "docs" / "tested.md").read_text(encoding="utf-8")
LOOKS = sorted(name for name in load_catalogue().signals if not name.startswith("log."))


@pytest.mark.parametrize("signal", LOOKS)
def test_each_signal_that_is_no_log_line_has_its_place_there(signal):
    assert f"`{signal}`" in PAGE
