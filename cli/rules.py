"""`rootward rules`: match log lines, list, show and lint the knowledge."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from cli.rules_match import match_stream
from rules.catalogue import BadRule, Catalogue, load_catalogue
from rules.lint import lint_catalogue
from rules.matching.lint import hints_without_fault, lint_signatures
from rules.matching.matcher import Matcher
from rules.matching.signatures import Meaning, load_signatures
from rules.matching.site import with_site
from rules.reading.lexicon import load_lexicon

DONE, FAILED, USAGE = 0, 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "exit codes: 0 done · 1 lint found problems, or no such id · 2 bad usage"
    parser.add_argument("--json", action="store_true", help="JSON lines, without colour")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    match = actions.add_parser("match", help="say for each log line what it means, as JSON lines")
    match.add_argument("file", nargs="?", default="-", help="log file; - is standard input")
    match.add_argument("--host", default="localhost", help="name of the host in entities")
    match.add_argument(
        "--rules-dir", type=Path, help="folder of further signatures: TOML, or JSON of node-problem-detector"
    )
    match.add_argument("--cache", default="", help="folder that keeps the compiled patterns")
    for name, words in (("list", "all ids"), ("lint", "check all knowledge files")):
        actions.add_parser(name, help=words)
    show = actions.add_parser("show", help="one signature, signal or fault, whole")
    show.add_argument("id")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "match": _match,
        "list": _list,
        "show": _show,
        "lint": _lint,
    }
    try:
        return actions[arguments.action](arguments)
    except BadRule as error:
        print(f"rootward rules: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"rootward rules: cannot read {error.filename}: {error.strerror}", file=sys.stderr)
        return USAGE


def _match(arguments: argparse.Namespace) -> int:
    if arguments.file == "-":
        _copy(sys.stdin.buffer, arguments)
        return DONE
    with open(arguments.file, "rb") as source:  # noqa: PTH123 an unusable name must fail as any other does
        _copy(source, arguments)
    return DONE


def _copy(source: BinaryIO, arguments: argparse.Namespace) -> None:
    matcher = Matcher(with_site(arguments.rules_dir), Path(arguments.cache) if arguments.cache else None)
    out = sys.stdout.buffer
    for block in match_stream(source, arguments.host, matcher):
        out.write(block)
        out.flush()


def _list(arguments: argparse.Namespace) -> int:
    for kind, name, words in _entries(load_catalogue(), _meanings()):
        if arguments.json:
            print(msgspec.json.encode({"kind": kind, "id": name, "title": words}).decode())
        else:
            print(f"{kind:<9} {name:<32} {words}")
    return DONE


def _meanings() -> Sequence[Meaning]:
    return (*load_signatures(), *load_lexicon().forms)


def _entries(catalogue: Catalogue, signatures: Sequence[Meaning]) -> Iterator[tuple[str, str, str]]:
    for fault in catalogue.faults.values():
        yield "fault", fault.id, fault.text["en"].title
    for signal in catalogue.signals.values():
        yield "signal", signal.name, signal.text["en"]
    for signature in signatures:
        yield "signature", signature.id, f"{signature.signal} ({signature.severity})"


def _show(arguments: argparse.Namespace) -> int:
    catalogue = load_catalogue()
    found = [
        one
        for one in (
            catalogue.faults.get(arguments.id),
            catalogue.signals.get(arguments.id),
            next((one for one in _meanings() if one.id == arguments.id), None),
        )
        if one is not None
    ]
    if not found:
        print(f"rootward rules: nothing is called {arguments.id}", file=sys.stderr)
        return FAILED
    for one in found:
        body = msgspec.json.encode(one)
        print((body if arguments.json else msgspec.json.format(body)).decode())
    return DONE


def _lint(arguments: argparse.Namespace) -> int:
    catalogue = load_catalogue()
    signatures = load_signatures()
    problems = [*lint_signatures(signatures, catalogue), *lint_catalogue(catalogue)]
    for problem in problems:
        print(msgspec.json.encode({"problem": problem}).decode() if arguments.json else problem)
    if not problems and not arguments.json:
        print("no problems")
    if hints := hints_without_fault(signatures, catalogue):
        print(f"note: signatures point to faults not described yet: {', '.join(hints)}", file=sys.stderr)
    return FAILED if problems else DONE
