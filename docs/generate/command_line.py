"""The page of the command line, from the parsers themselves."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module

from markup import fenced

from cli.main import COMMANDS


def command_line() -> Iterator[str]:
    yield "# Command line\n"
    yield "Exit codes: 0 done or healthy, 1 failed or faults found, 2 bad usage or could not tell,"
    yield "130 interrupted."
    for name, command in COMMANDS.items():
        parser = argparse.ArgumentParser(prog=f"rootward {name}", description=command.summary)
        import_module(command.module).configure(parser)
        yield f"\n## rootward {name}\n"
        yield from fenced(parser.format_help())
        yield from subcommands(parser)


def subcommands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # noqa: SLF001 - argparse offers no public way to walk its subparsers
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for child in action.choices.values():
                yield from fenced(child.format_help())
