"""Recorded outputs of others through our collectors: are they read, are the facts right, is health silent?

One line per kind: how many of the outputs were read, facts reproduced of facts known, false alarms on what is
known to be healthy, faults found of those known. Then the /proc and /sys trees. `--verbose` names each miss.
The data is used where it lies and is not part of this project. Another collection of the same form is
measured by its file. `python bench/recorded.py [--verbose] [KIND…] [FILE.jsonl]`
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agent.offline.replay import NOWHERE, NotThatKind, Replay
from collectors.host import JSON, Host
from wire.judgement import Judgement, Verdict

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "command_outputs"
TREES = {"node_exporter": ("node_exporter_sys", ""), "procfs": ("procfs_fixtures", "fixtures/")}
ALARM = frozenset([Verdict.WARN, Verdict.FAIL])


class Recorded(msgspec.Struct):
    """One output, and what is known of it."""

    kind: str
    text: str
    source: str
    facts: dict[str, JSON]
    verdict: str | None


@dataclass
class Score:
    """What came of the outputs of one kind."""

    outputs: int = 0
    read: int = 0
    facts: int = 0
    right: int = 0
    healthy: int = 0
    loud: int = 0
    faulty: int = 0
    found: int = 0

    def line(self, name: str) -> str:
        return (
            f"{name:<18} {self.read:>4}/{self.outputs:<4} {self.right:>5}/{self.facts:<5} "
            f"{self.loud:>4}/{self.healthy:<4} {self.found:>4}/{self.faulty:<4}"
        )


def main(words: list[str]) -> int:
    """Exit code 1 where an output crashes a collector; what is only unread or wrong is counted."""
    if not DATA.exists():
        print(f"recorded outputs are not here: {DATA}")
        return 0
    verbose = "--verbose" in words
    given = [Path(word) for word in words if word.endswith(".jsonl")]
    wanted = [word for word in words if not word.startswith("-") and not word.endswith(".jsonl")]
    replay = Replay()
    scores: dict[str, Score] = {}
    for one in _outputs(given or [DATA / "command_outputs.jsonl"]):
        if not wanted or one.kind in wanted:
            for miss in _measure(replay, one, scores.setdefault(one.kind, Score())):
                if verbose:
                    print(f"  {one.kind} {one.source.rpartition(':')[2]}: {miss}")
    print(f"{'kind':<18} {'read':>9} {'facts':>11} {'false':>9} {'found':>9}")
    for kind, score in sorted(scores.items()):
        print(score.line(kind))
    total = Score(*(sum(column) for column in zip(*map(_columns, scores.values()), strict=True)))
    print(total.line("all"))
    if not wanted and not given:
        _trees(replay, verbose=verbose)
    return 0


def _columns(score: Score) -> tuple[int, ...]:
    return tuple(vars(score).values())


def _outputs(files: list[Path]) -> Iterator[Recorded]:
    for name in files:
        with name.open("rb") as file:
            for line in file:
                yield msgspec.json.decode(line, type=Recorded)


def _measure(replay: Replay, one: Recorded, score: Score) -> Iterator[str]:
    """Counts, and tells what is missed."""
    score.outputs += 1
    score.facts += len(one.facts)
    try:
        facts, judgements = replay.text(one.kind, one.text.encode(), Host("box", NOWHERE))
    except NotThatKind as error:
        facts, judgements = {}, []
        yield f"not read: {error}"
    else:
        score.read += 1
    for name, value in one.facts.items():
        if name in facts and facts[name] == value:
            score.right += 1
        else:
            yield f"{name} is {value!r}, read {facts.get(name)!r}"
    alarms = [judgement for judgement in judgements if judgement.verdict in ALARM]
    if one.verdict == "healthy":
        score.healthy += 1
        score.loud += bool(alarms)
        yield from (f"false alarm: {_short(alarm)}" for alarm in alarms)
    elif one.verdict is not None:
        score.faulty += 1
        score.found += bool(alarms)
        if not alarms:
            yield f"{one.verdict} not found"
    else:
        yield from (f"alarm: {_short(alarm)}" for alarm in alarms)


def _short(one: Judgement) -> str:
    return f"{one.signal} {one.subject} {one.reason} {dict(one.evidence)}"


def _trees(replay: Replay, *, verbose: bool) -> None:
    known: dict[str, str] = msgspec.json.decode((DATA / "sysfs_health_facts.json").read_bytes())
    for name, (archive, prefix) in TREES.items():
        wanted = {
            key.partition(":")[2].removeprefix(prefix): value
            for key, value in known.items()
            if key.startswith(f"{name}:")
        }
        with tempfile.TemporaryDirectory() as folder:
            _unpack(DATA / f"{archive}.ttar.gz", Path(folder))
            told: dict[str, JSON] = {}
            judgements: list[Judgement] = []
            for facts, judged in replay.tree("", Host("box", str(Path(folder) / prefix))):
                told |= facts
                judgements += judged
        wrong = {path: value for path, value in wanted.items() if told.get(path) != value}
        alarms = [one for one in judgements if one.verdict in ALARM]
        print(
            f"tree {name:<13} facts {len(wanted) - len(wrong)}/{len(wanted)}, "
            f"{len(judgements)} judgements, {len(alarms)} alarms"
        )
        if verbose:
            for path, value in wrong.items():
                print(f"  {path} is {value!r}, read {told.get(path)!r}")
            for alarm in alarms:
                print(f"  {_short(alarm)}")


def _unpack(archive: Path, folder: Path) -> None:
    """ttar: ``Path:`` and ``Lines: N`` and so many lines; ``Directory:``; ``SymlinkTo:`` after a path."""
    lines = iter(gzip.decompress(archive.read_bytes()).decode("latin-1").split("\n"))
    path = folder
    for line in lines:
        word, _, rest = line.partition(": ")
        if word in ("Path", "Directory"):
            path = folder / rest
            (path if word == "Directory" else path.parent).mkdir(parents=True, exist_ok=True)
        elif word == "SymlinkTo":
            path.symlink_to(rest)
        elif word == "Lines":
            body = "".join(f"{next(lines)}\n" for _ in range(int(rest)))
            path.write_text(body.replace("NULLBYTE", "\0").removesuffix("EOF\n"), encoding="latin-1")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
