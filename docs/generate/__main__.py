"""Writes the reference pages from what the code declares, so that they cannot grow stale."""

from __future__ import annotations

from pathlib import Path

from command_line import command_line
from endpoints import endpoints
from knowledge import faults, forms, signals, signatures
from settings import settings
from units import units

from rules.catalogue import load_catalogue

TARGET = Path(__file__).parents[1] / "reference"


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    catalogue = load_catalogue()
    pages = {
        "units": units(),
        "signals": signals(catalogue),
        "signatures": signatures(),
        "forms": forms(),
        "faults": faults(catalogue),
        "settings": settings(),
        "endpoints": endpoints(),
        "command-line": command_line(),
    }
    for name, lines in pages.items():
        (TARGET / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
