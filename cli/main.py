"""Finds the subcommand, imports only that one, and turns its outcome into an exit code."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import NamedTuple

PROGRAM = "rootward"
USAGE_ERROR = 2
INTERRUPTED = 130


class Command(NamedTuple):
    """A module of cli/ with ``configure(parser)`` and ``run(arguments) -> exit code``."""

    module: str
    summary: str


COMMANDS = {
    "up": Command("cli.up", "start a server and an agent on this machine, in the foreground"),
    "diagnose": Command("cli.diagnose", "look at this one host, without a server, and say what is wrong"),
    "tickets": Command("cli.tickets", "list tickets"),
    "report": Command("cli.report", "print the diagnostic report of a ticket"),
    "explain": Command("cli.explain", "print the graph of evidence behind a ticket"),
    "topology": Command(
        "cli.topology", "print or export what leans on what; import a drawing of the network"
    ),
    "change": Command("cli.change", "tell the server of a deployment or another change"),
    "record": Command("cli.record", "write what agents said lately into a file, to run it again"),
    "rerun": Command("cli.rerun", "run a recording through the diagnosis again, without a server"),
    "agent": Command("cli.agent", "enroll, run or check the agent of this host"),
    "server": Command("cli.server", "run the server, make enrolment tokens"),
    "replay": Command("cli.replay", "send recorded output through the collector of its kind"),
    "rules": Command("cli.rules", "match log lines; list, show and lint the knowledge"),
    "drill": Command("cli.drill", "inject real faults into a lab and judge the diagnosis (root)"),
}
EPILOG = """exit codes: 0 done, or healthy · 1 failed, or faults found · 2 bad usage, or could not tell ·
130 interrupted.  `rootward COMMAND --help` tells the rest."""


def main(arguments: list[str] | None = None) -> int:
    """The entry point of the console script."""
    words = sys.argv[1:] if arguments is None else arguments
    if words in (["--version"], ["-V"]):
        print(f"{PROGRAM} {version()}")
        return 0
    name = next((word for word in words if not word.startswith("-")), "")
    parser = _parser(name)
    options = parser.parse_args(words)
    if not options.command:
        parser.print_help()
        return USAGE_ERROR
    try:
        return int(import_module(COMMANDS[options.command].module).run(options))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep the interpreter from complaining at exit.
        sys.stdout = None
        return 0


def version() -> str:
    """The installed version; importlib.metadata would cost more than the whole start."""
    from cli import __version__

    return __version__


def _parser(called: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Names the one root cause behind many symptoms.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"{PROGRAM} {version()}")
    children = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in COMMANDS.items():
        child = children.add_parser(name, help=command.summary, description=command.summary)
        if name == called:
            import_module(command.module).configure(child)
    return parser


if __name__ == "__main__":
    sys.exit(main())
