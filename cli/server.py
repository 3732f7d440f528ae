"""``rootward server``: run it, make enrolment tokens, reset the password."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time

HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def configure(parser: argparse.ArgumentParser) -> None:
    from server.config import SETTINGS

    children = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    children.add_parser(
        "run",
        help="run the server in the foreground; settings come from ROOTWARD_*",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(
            ["settings, from the environment:"]
            + [f"  {each.name} ({each.default or 'empty'})\n      {each.meaning}" for each in SETTINGS]
            + ["exit codes: 0 ended by request · 1 could not run · 2 a setting is wrong"]
        ),
    )
    token = children.add_parser("token", help="make a one-time enrolment token and print how to use it")
    token.add_argument(
        "--host", default="", type=_host, help="only for this host; replaces the agent that it had"
    )
    token.add_argument("--ttl", default="1h", type=_seconds, help="how long it may be used: 90s, 15m, 1h, 7d")
    token.add_argument("--json", action="store_true", help="print one JSON document")
    password = children.add_parser("password", help="make a new password, and end every session")
    password.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    """0 done, 1 could not, 2 a setting is wrong."""
    from server.config import BadSetting, read_config
    from server.run import CannotRun, run_server

    try:
        config = read_config(os.environ)
        if options.action == "run":
            return run_server(config)
        if options.action == "token":
            from server.offline import make_token

            return _print(make_token(config, options.host, options.ttl, time.time()), "command", options)
        from server.offline import new_password

        return _print(new_password(config, time.time()), "password", options)
    except BadSetting as error:
        print(f"rootward server: {error}", file=sys.stderr)
        return 2
    except CannotRun as error:
        print(f"rootward server: {error}", file=sys.stderr)
        return 1


def _print(answer: dict[str, object], line: str, options: argparse.Namespace) -> int:
    print(json.dumps(answer) if options.json else answer[line])
    return 0


def _host(text: str) -> str:
    if text and not HOST.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a host name")
    return text


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d{1,7})([smhd]?)", text)
    if match is None or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 15m, 1h or 7d")
    seconds = int(match[1]) * UNITS[match[2] or "s"]
    if seconds > 30 * UNITS["d"]:
        raise argparse.ArgumentTypeError("30 days at most")
    return float(seconds)
