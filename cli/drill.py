"""``rootward drill``: inject real faults into a lab of network namespaces and judge what the product says."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from drills import labs
from drills.drill import BadDrill, Drill, catalogue, load
from drills.errors import LabError
from drills.injectors.injector import StageName
from drills.outcome import Outcome, table
from drills.schema import schema
from drills.stages import Stages


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "exit codes: 0 all passed · 1 one failed · 2 could not run · 130 interrupted"
    todo = parser.add_subparsers(dest="todo", required=True, metavar="list|run|lab|schema")
    listing = todo.add_parser("list", help="the drills there are")
    listing.add_argument("--json", action="store_true", help="one JSON document")
    running = todo.add_parser("run", help="run drills (root)")
    running.add_argument(
        "path", nargs="*", help="drill files, directories of them, or names from the list; none means all"
    )
    running.add_argument("--runs", type=int, default=1, metavar="N", help="how often each (1)")
    running.add_argument("--labs", type=int, default=2, metavar="N", help="so many labs side by side (2)")
    running.add_argument("--json", action="store_true", help="one JSON line per run, on standard output")
    running.add_argument("--keep", type=Path, metavar="DIR", help="keep the logs of what failed there")
    running.add_argument(
        "--record", type=Path, metavar="DIR", help="write what agents said in each run there, for `rerun`"
    )
    lab = todo.add_parser("lab", help="keep a lab with the product up until Ctrl-C, to play with (root)")
    lab.add_argument(
        "--stage", choices=("lab", "machine"), default="lab", help="namespaces, or one virtual machine (lab)"
    )
    todo.add_parser("schema", help="the JSON Schema of a drill file, with every harm and operation")
    for needs_root in (running, lab):
        needs_root.add_argument(
            "--prefix", default="", help="name of the lab among others on this machine (one that is free)"
        )


def run(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.todo == "schema":
            print(json.dumps(schema(), indent=2))
            return 0
        paths = [path for name in getattr(options, "path", []) for path in _paths(name)] or catalogue()
        for path in paths:
            load(path)
        if options.todo == "list":
            return _list(as_json=options.json)
        if os.geteuid():
            print("rootward drill: the lab needs root (namespaces, mounts, network devices)", file=sys.stderr)
            return 2
        if options.todo == "lab":
            return _lab(options.prefix, options.stage)
        return _run(paths, options)
    except (BadDrill, LabError) as error:
        print(f"rootward drill: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("rootward drill: interrupted; the labs are gone", file=sys.stderr)
        return 130


def _paths(name: str) -> list[Path]:
    by_name = {path.stem: path for path in catalogue()}
    if name in by_name:
        return [by_name[name]]
    if Path(name).is_dir():
        return catalogue(Path(name))
    return [Path(name)]


def _list(*, as_json: bool) -> int:
    drills = [load(path) for path in catalogue()]
    if as_json:
        print(json.dumps([{"name": d.name, "title": d.title, "faults": _faults(d)} for d in drills]))
        return 0
    width = max(len(drill.name) for drill in drills)
    for drill in drills:
        print(f"{drill.name:{width}}  {drill.title}  [{', '.join(_faults(drill)) or 'no ticket'}]")
    return 0


def _faults(drill: Drill) -> list[str]:
    return [one.fault for one in drill.expected]


def _run(paths: list[Path], options: argparse.Namespace) -> int:
    def report(outcome: Outcome) -> None:
        if options.json:
            print(json.dumps(_plain(outcome), ensure_ascii=False), flush=True)
        said = outcome.why or outcome.answer
        print(f"{outcome.verdict:7}  {outcome.drill} #{outcome.run}  {said}", file=sys.stderr, flush=True)

    outcomes = labs.run(
        paths,
        runs=options.runs,
        prefix=options.prefix,
        labs=options.labs,
        keep=options.keep,
        record=options.record,
        report=report,
    )
    if not options.json:
        print(table(outcomes))
    return int(any(outcome.verdict == "failed" for outcome in outcomes))


def _plain(outcome: Outcome) -> dict[str, object]:
    fields = {name: getattr(outcome, name) for name in outcome.__struct_fields__}
    return {**fields, "settled": outcome.settled}


def _lab(prefix: str, stage: StageName) -> int:
    with Stages(prefix) as stages:
        product = stages[stage].product
        print("The lab is up; Ctrl-C ends it. Enter a host with:")
        for line in product.ways_in():
            print(f"  {line}")
        while True:
            time.sleep(3600)
