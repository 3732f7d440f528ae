"""Fits on one half of the fault ids, reports on the other; writes temperatures and docs/calibration.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.calibration.page import Stage, page
from bench.calibration.perturbed import perturbed
from bench.calibration.reliability import Sample, fitted, is_for_fitting, to_use
from bench.calibration.sampled import sample
from drills.recorded import read_must
from rules.catalogue import load_catalogue
from rules.inference.temperature import PLACE
from server.journal import open_journal
from server.recording.file import read_recording

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests/recorded"
PAGE = ROOT / "docs/calibration.md"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument(
        "--seeds", type=int, default=4, help="re-runs of each recording; the first as it was"
    )
    options.add_argument("folder", nargs="*", type=Path, default=[RECORDED])
    chosen = options.parse_args()
    open_journal("critical")
    catalogue = load_catalogue()
    before: list[Sample] = []
    after: list[Sample] = []
    reruns = silent = 0
    for folder in chosen.folder:
        for path in sorted(folder.glob("*.jsonl.gz")):
            must = read_must(path.with_name(path.name.removesuffix(".jsonl.gz") + ".must.json"))
            if not must.expected:
                continue
            lines = list(read_recording(path))
            for seed in range(chosen.seeds):
                found = sample(perturbed(lines, seed), must, catalogue)
                before += found.before
                after += found.tickets.values()
                reruns += 1
                silent += not found.tickets
                print(
                    path.name, seed, found.before, list(found.tickets.values()), file=sys.stderr, flush=True
                )
    stages = [_stage("before", before), _stage("after", after)]
    PLACE.write_text(_toml(stages))
    PAGE.write_text(page(stages, reruns, silent))


def _stage(name: str, samples: Sequence[Sample]) -> Stage:
    fitting = [each for each in samples if is_for_fitting(each.fault)]
    held_out = [each for each in samples if not is_for_fitting(each.fault)]
    temperature, interval = fitted(fitting)
    used = to_use(temperature, interval, len({each.fault for each in fitting}))
    return Stage(name, fitting, held_out, temperature, interval, used)


def _toml(stages: Sequence[Stage]) -> str:
    lines = ["# Written by `make calibrate`: scores are divided by these before they become probabilities."]
    return "\n".join([*lines, *(f"{stage.name} = {stage.used}" for stage in stages)]) + "\n"


main()
