"""The site file: what it declares of the topology holds from the start on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from rules.topology import Site
from server.config import BadSetting


class BadSite(BadSetting):
    """A site file that cannot be used."""


def read_site_file(path: Path, declare: Callable[[Site, str], None]) -> None:
    """Hands over its site and its name, where there is one. Raises BadSite, naming file and field."""
    if not path.exists():
        return
    try:
        declare(msgspec.toml.decode(path.read_bytes(), type=Site), path.name)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadSite(f"{path}: {error}") from None
