"""``rootward agent``: enrol this host, run its agent, or tell what the agent would look at."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from agent.config import BadConfig, Config, load
from wire.codec import encode

SYSTEM_CONFIG = Path("/etc/rootward/agent.toml")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "exit codes: 0 done, or stopped cleanly · 1 failed · 2 bad usage or configuration"
    children = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    enroll = children.add_parser("enroll", help="make this host known to a server")
    enroll.add_argument("--server", required=True, metavar="URL")
    enroll.add_argument("--token", required=True, help="one-time token, from: rootward server token")
    enroll.add_argument("--ca", default="", metavar="FILE", help="PEM of the authority to pin")
    enroll.add_argument(
        "--fingerprint", default="", metavar="SHA256", help="of the server's authority, which is then pinned"
    )
    run_ = children.add_parser("run", help="run the agent in the foreground")
    check = children.add_parser("check", help="what would be looked at here, what cannot, and why")
    check.epilog = (
        "exit codes: 0 all that is here can be looked at · 1 something cannot: its row says why, and what "
        "would let it · 2 it could not be told"
    )
    check.add_argument("--json", action="store_true", help="JSON lines")
    for child in (enroll, run_, check):
        child.add_argument(
            "--config", type=Path, metavar="FILE", help=f"default: {SYSTEM_CONFIG} if it is there"
        )


def run(arguments: argparse.Namespace) -> int:
    try:
        config = load(_config_file(arguments.config))
    except BadConfig as error:
        print(f"rootward agent: {error}", file=sys.stderr)
        return 2
    match arguments.action:
        case "enroll":
            return _enroll(config, arguments)
        case "run":
            from agent.lean import become_lean

            become_lean(Path(config.home))
            from agent.main import run as run_agent

            return run_agent(config)
        case _:
            return _check(config, as_json=arguments.json)


def _config_file(given: Path | None) -> Path | None:
    if given is not None:
        return given
    if "ROOTWARD_HOME" not in os.environ and SYSTEM_CONFIG.exists():
        return SYSTEM_CONFIG
    return None


def _enroll(config: Config, arguments: argparse.Namespace) -> int:
    from agent.enroll import CannotEnroll, enroll
    from agent.home import Home
    from agent.sending.link import Insecure

    try:
        credential = enroll(
            Home(config.home),
            server=arguments.server,
            token=arguments.token,
            host=config.host,
            ca=arguments.ca or config.ca,
            fingerprint=arguments.fingerprint,
        )
    except (CannotEnroll, Insecure, OSError) as error:
        print(f"rootward agent enroll: {error}", file=sys.stderr)
        return 1
    print(f"{credential.host} is enrolled at {credential.server}; its credential is in {config.home}")
    return 0


def _check(config: Config, *, as_json: bool) -> int:
    from agent.check import rows
    from agent.units.finding import BadUnit

    try:
        found = rows(config)
    except BadUnit as error:
        print(f"rootward agent check: {error}", file=sys.stderr)
        return 2
    if as_json:
        for row in found:
            print(encode(row).decode())
    else:
        for row in found:
            outcome = row.verdict if row.verdict in {"", "pass"} else f"{row.verdict} {row.reason}"
            line = f"{row.state:9}  {row.check:18}  {row.target:48}  {outcome:22}  {row.note}"
            print("".join(letter if letter.isprintable() else "?" for letter in line).rstrip())
    return 1 if any(row.state == "cannot" for row in found) else 0
