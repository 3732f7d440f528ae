"""How well the signatures name real log lines: recall, false alarms, macro-F1 per label.

Reads the labelled lines that lie beside the project (or a file given as argument) and says so where they
are absent. A line is found when any alarm is raised on it, named when the alarm means its label.
`python bench/signatures.py [FILE]`
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from rules.matching.matcher import Matcher

LINES = Path(__file__).parents[2] / "shared" / "data" / "loglines" / "loglines.jsonl"
BENIGN, ANY = "benign", "other_fault"
SAME = {"auth_bruteforce": "auth_failure", "docker_hung": "hung_task"}
"""Labels that are scored as one."""
MEANS = {
    "ata_error": ("ata_error",),
    "auth_failure": ("auth_failure", "bruteforce", "key_permissions", "credentials_refused"),
    "cert_error": ("certificate_error",),
    "clock_unsync": ("clock_unsynchronised", "clock_step"),
    "db_error": (
        "database_error",
        "database_damaged",
        "database_schema",
        "service_hung",
        "credentials_refused",
    ),
    "disk_full": ("no_space",),
    "fd_exhaustion": ("fd_exhausted",),
    "fs_readonly": ("fs_read_only",),
    "hung_task": ("hung_task", "container_hung"),
    "io_error": ("io_error", "medium_error", "mount_hung"),
    "kernel_panic_oops": ("panic", "oops"),
    "mce_ecc_corrected": ("memory_corrected",),
    "mce_ecc_uncorrected": ("memory_uncorrected", "machine_check"),
    "network_unreachable": ("network_unreachable", "upstream_failed"),
    "nic_link_down": ("nic_down",),
    "nic_tx_hang": ("nic_hang",),
    "nvme_timeout": ("nvme_error",),
    "pcie_aer": ("pcie_error",),
    "power_psu": ("psu_failure",),
    "service_crash_loop": ("crash_loop",),
    "service_failed": ("service_failed", "config_invalid", "dependency_missing"),
    "smart_failure": ("smart_failing",),
    "soft_lockup": ("lockup",),
    "thermal_throttle": ("thermal",),
}
"""Labels of others and the signals that mean them; a label not listed has the signal of its name."""


class Row(msgspec.Struct):
    """One labelled line."""

    line: str
    label: str


class Score(msgspec.Struct):
    """Of one label."""

    lines: int = 0
    found: int = 0
    named: int = 0
    wrongly: int = 0
    """Lines of other labels that were taken for it."""

    @property
    def f1(self) -> float:
        wrong = self.lines - self.named + self.wrongly
        return 2 * self.named / (2 * self.named + wrong) if self.named else 0.0


def said(label: str, signal: str) -> str:
    """What a signal says of a line, in the words of the labels."""
    if not signal:
        return BENIGN
    if label == ANY or signal in MEANS.get(label, (label,)):
        return label
    owners = [name for name, signals in MEANS.items() if signal in signals]
    return owners[0] if owners else signal


def judge(rows: Sequence[Row], matcher: Matcher) -> dict[str, Score]:
    scores: dict[str, Score] = {}
    for row in rows:
        label = SAME.get(row.label, row.label)
        hits = [hit for hit in matcher.scan(row.line.replace("\n", " ").encode()) if hit.signature.alarm]
        name = said(label, hits[0].signature.signal.removeprefix("log.") if hits else "")
        score = scores.setdefault(label, Score())
        score.lines += 1
        score.found += name != BENIGN
        score.named += name == label
        if name != label:
            scores.setdefault(name, Score()).wrongly += 1
    return scores


def report(scores: dict[str, Score]) -> None:
    print(f"{'label':<22}{'lines':>7}{'found':>7}{'named':>7}{'wrongly':>9}{'F1':>7}")
    for label, score in sorted(scores.items(), key=lambda item: -item[1].lines):
        figures = f"{score.lines:>7}{score.found:>7}{score.named:>7}{score.wrongly:>9}{score.f1:>7.2f}"
        print(f"{label:<22}{figures}")
    faults = {label: score for label, score in scores.items() if label != BENIGN and score.lines}
    lines = Counter({label: score.lines for label, score in faults.items()}).total()
    found, named = (sum(getattr(score, word) for score in faults.values()) for word in ("found", "named"))
    benign = scores.get(BENIGN, Score())
    print(
        f"recall: {found / lines:.1%} of {lines} fault lines raise an alarm, "
        f"{named / lines:.1%} the right one"
    )
    print(f"false alarms: {benign.found} of {benign.lines} benign lines")
    print(
        f"macro-F1 over {len(faults)} labels: {sum(score.f1 for score in faults.values()) / len(faults):.3f}"
    )


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else LINES
    if not path.exists():
        print(f"no labelled lines at {path}: nothing measured")
        return 0
    rows = [msgspec.json.decode(line, type=Row) for line in path.read_bytes().splitlines()]
    matcher = Matcher()
    print(f"{len(matcher.signatures)} signatures, {len(rows)} lines")
    report(judge(rows, matcher))
    return 0


if __name__ == "__main__":
    sys.exit(main())
