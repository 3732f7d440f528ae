"""How sure scores make us, fitted on drills: one temperature before and one after a drill-down (rule 15)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

PLACE = Path(__file__).with_name("temperature.toml")
Temperature = Annotated[float, msgspec.Meta(ge=0.2, le=20.0)]
"""Above 1 makes every probability more modest, below 1 surer."""


class Temperatures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    before: Temperature = 1.0
    after: Temperature = 1.0


@cache
def load_temperatures() -> Temperatures:
    """Raises msgspec.ValidationError for a file that is wrong."""
    return msgspec.toml.decode(PLACE.read_bytes(), type=Temperatures)
