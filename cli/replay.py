"""`rootward replay`: what the collectors make of recorded output, as JSON lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator

import msgspec

from agent.offline.replay import NOWHERE, NotThatKind, Replay
from agent.units.finding import BadUnit
from collectors.host import JSON, Host
from wire import entity
from wire.judgement import Judgement, Reason, Verdict, unknown

HEALTHY, FOUND, COULD_NOT_TELL = 0, 1, 2
LIMIT = 64 * 1024 * 1024
"""Bytes of one file; what is longer is refused."""
Told = tuple[dict[str, JSON], list[Judgement]]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        'prints {"facts": …} and then one {"observation": …} per judgement, for each file in turn.  '
        "exit codes: 0 nothing wrong was found · 1 something warns or fails · "
        "2 bad usage, a file that cannot be read or is not of that kind"
    )
    parser.add_argument("--kind", default="", help="what was recorded: smartctl_json, mdstat, bonding, …")
    parser.add_argument("--kinds", action="store_true", help="list the kinds that can be read")
    parser.add_argument(
        "--root", default="", metavar="DIR", help="folder that stands in for / (proc and sys)"
    )
    parser.add_argument("--host", default="localhost", help="name of the host in entities")
    parser.add_argument("file", nargs="*", metavar="FILE", help="recorded output; - is standard input")


def run(arguments: argparse.Namespace) -> int:
    try:
        replay = Replay()
        if arguments.kinds:
            print("\n".join(replay.kinds))
            return HEALTHY
        found = False
        for facts, judgements in _told(replay, arguments):
            _print(facts, judgements)
            found |= any(one.verdict in {Verdict.WARN, Verdict.FAIL} for one in judgements)
    except (_Refused, BadUnit) as error:
        print(f"rootward replay: {error}", file=sys.stderr)
        return COULD_NOT_TELL
    return FOUND if found else HEALTHY


class _Refused(Exception):
    """Names the file or option, and what is wrong with it."""


def _told(replay: Replay, arguments: argparse.Namespace) -> Iterator[Told]:
    host = Host(arguments.host, arguments.root or NOWHERE)
    if arguments.file and not arguments.kind:
        raise _Refused("--kind says what was recorded; --kinds lists what can be read")
    if not arguments.file and not arguments.root:
        raise _Refused("give a FILE (- is standard input) or --root DIR")
    for name in arguments.file:
        try:
            yield replay.text(arguments.kind, _bytes(name), host.for_unit())
        except NotThatKind as error:
            _print({}, [_unreadable(arguments, error)])
            raise _Refused(f"{name} is no {arguments.kind}: {error}") from None
    if not arguments.file:
        try:
            yield from replay.tree(arguments.kind, host.for_unit())
        except NotThatKind as error:
            raise _Refused(str(error)) from None


def _unreadable(arguments: argparse.Namespace, error: NotThatKind) -> Judgement:
    """As the agent would tell it of a tool that prints what nobody can read."""
    return unknown("replay.text", entity.host(arguments.host), Reason.UNREADABLE, error=str(error)[:1024])


def _bytes(name: str) -> bytes:
    try:
        if name == "-":
            raw = sys.stdin.buffer.read(LIMIT + 1)
        else:
            with open(name, "rb") as file:  # noqa: PTH123 an unusable name must fail as any other does
                raw = file.read(LIMIT + 1)
    except (OSError, ValueError) as error:
        raise _Refused(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > LIMIT:
        raise _Refused(f"{name} is longer than {LIMIT} bytes")
    return raw


def _print(facts: dict[str, JSON], judgements: Iterable[Judgement]) -> None:
    print(msgspec.json.encode({"facts": facts}).decode())
    for one in judgements:
        observation = {
            "signal": one.signal,
            "subject": one.subject,
            "verdict": one.verdict,
            "reason": one.reason,
            "value": one.value,
            "evidence": one.evidence,
        }
        print(msgspec.json.encode({"observation": observation}).decode())
