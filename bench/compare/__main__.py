"""Runs the chosen drills with both sides watching, prints the table and writes docs/comparison.md.

Run as root: ``python -m bench.compare``; ``python -m bench.compare dns_down --out FILE`` for some of them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path

from bench.compare import naming
from bench.compare.chosen import chosen
from bench.compare.daemons import versions
from bench.compare.page import page, table
from bench.compare.rules import COLLECTION
from bench.compare.settings import PACKAGED
from bench.compare.watching import read, run
from drills.drill import catalogue

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/comparison.md"
KEPT = ROOT / "var/compare.jsonl"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("drill", nargs="*", help="some of the chosen drills; none means all")
    options.add_argument("--out", type=Path, default=KEPT, metavar="FILE", help="what was seen (%(default)s)")
    options.add_argument("--resume", action="store_true", help="go on with what FILE does not have")
    options.add_argument("--page", action="store_true", help="only print and write what FILE has")
    asked = options.parse_args()
    if not asked.page:
        if lacking := what_lacks():
            print(f"skipped: {lacking}")
            return 0
        measure(asked.drill, asked.out, resume=asked.resume)
    seen, rule = read(asked.out), naming.load()
    print(table(seen, rule))
    PAGE.write_text(page(seen, rule, versions()), encoding="utf-8")
    return 0


def measure(names: list[str], out: Path, *, resume: bool) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    out.parent.mkdir(parents=True, exist_ok=True)
    if not resume:
        out.unlink(missing_ok=True)
    done = {seen.drill for seen in read(out)}
    paths = {path.stem: path for path in catalogue()}
    wanted = [(area, name) for area, name in chosen() if name in (names or paths)]
    run([(area, paths[name]) for area, name in wanted if name not in done], out)


def what_lacks() -> str:
    """Why nothing can be measured here, or nothing."""
    if not COLLECTION.exists():
        return "the collection of alert rules is not beside the project"
    if os.geteuid():
        return "the lab needs root"
    programs = ["prometheus", *(f"prometheus-{name}" for name in ("alertmanager", "node-exporter"))]
    programs += ["prometheus-blackbox-exporter", "prometheus-postgres-exporter"]
    missing = [program for program in programs if shutil.which(program) is None]
    if missing or not PACKAGED.exists():
        return f"not installed: {', '.join(missing or [str(PACKAGED)])}; see deploy/debian/compare.txt"
    return ""


if __name__ == "__main__":
    sys.exit(main())
