"""Small files below /sys, read once and remembered under the path at which they really lie."""

from __future__ import annotations

import os.path
import re

from collectors.host import Host

LONGEST = 4096
NUMBER = re.compile(r"-?\d{1,15}$")


class Files:
    """What was read, for who judges it and for who wants to see it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.read: dict[str, str] = {}
        """Path without the leading slash, symbolic links resolved → text without blanks around."""

    def text(self, path: str) -> str:
        """``""`` where there is no such file, or the driver does not answer."""
        try:
            value = self._host.read(path, LONGEST).strip()
        except OSError:
            return ""
        root = os.path.realpath(self._host.path("/")).rstrip("/")
        real = os.path.realpath(self._host.path(path))
        self.read[real.removeprefix(root).lstrip("/")] = value
        return value

    def number(self, path: str) -> int | None:
        value = self.text(path)
        return int(value) if NUMBER.match(value) else None


def names(host: Host, folder: str, pattern: str = "") -> list[str]:
    """Sorted, numbers as numbers; none where there is no such folder."""
    try:
        found = [name for name in host.list(folder) if not pattern or re.fullmatch(pattern, name)]
    except OSError:
        return []
    return sorted(found, key=lambda name: [(len(part), part) for part in re.split(r"(\d+)", name)])
