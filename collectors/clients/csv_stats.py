"""Reads HAProxy's statistics table: one heading line, then one line per frontend, backend and server."""

from __future__ import annotations

import csv
from collections.abc import Mapping

import msgspec

MOST_ROWS = 20_000


class Row(msgspec.Struct, frozen=True):
    """By HAProxy's own column names (management.txt, 9.1)."""

    columns: Mapping[str, str]

    @property
    def proxy(self) -> str:
        return self.columns.get("pxname", "")

    @property
    def name(self) -> str:
        """``FRONTEND``, ``BACKEND``, or that of a server."""
        return self.columns.get("svname", "")

    @property
    def status(self) -> str:
        return self.columns.get("status", "")

    def number(self, name: str) -> float:
        text = self.columns.get(name, "")
        return float(text) if text.isdigit() else 0.0

    @property
    def server(self) -> bool:
        return self.name not in ("FRONTEND", "BACKEND", "")


def parse(content: bytes) -> list[Row]:
    """Raises ValueError for what is no such table."""
    lines = content.decode("utf-8", "replace").replace("\0", "").splitlines()
    if not lines or not lines[0].startswith("# pxname,svname"):
        raise ValueError(f"no statistics of HAProxy: {lines[0][:60] if lines else 'nothing'!r}")
    try:
        names, *rows = csv.reader([lines[0].removeprefix("# "), *lines[1 : MOST_ROWS + 1]])
    except csv.Error as error:
        raise ValueError(f"no statistics of HAProxy: {error}") from None
    return [Row(dict(zip(names, row, strict=False))) for row in rows if len(row) > 2]
