"""The JSON Schema of a drill file, made from the types that read it."""

from __future__ import annotations

from typing import Any

import msgspec

from drills import injectors
from drills.drill import Drill

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """What an editor can check a drill file with."""
    harms = sorted(injectors.known().items())
    kinds, definitions = msgspec.json.schema_components(
        [Drill, *(kind for _, kind in harms)], ref_template="#/$defs/{name}"
    )
    drill = definitions["Drill"]
    for field in ("prepare", "inject"):
        drill["properties"][field]["items"] = {"anyOf": list(kinds[1:])}
    return {"$schema": DIALECT, **kinds[0], "$defs": definitions}
