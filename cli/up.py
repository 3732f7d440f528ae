"""``rootward up``: a server and an agent enrolled on this machine, in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from cli import children
from cli.client import home

READY_SECONDS = 30.0
LOOK_AGAIN = 0.05
ENROLL_SECONDS = 30.0
AGENT_FILE = """\
# The agent of this host. Every key is optional; `rootward agent check` shows what it would probe.
# interval = 15
# [tags]
# site = "home"
# [[target]]
# kind = "http"
# url = "https://shop.example/"
"""


class CannotStart(Exception):
    """Something that must stand first does not; the text says what."""


class Stopped(Exception):
    """Somebody asked us to end."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "settings: ROOTWARD_HOME (./var) keeps the data, ROOTWARD_LISTEN (127.0.0.1:8470) is the address; "
        "var/agent.toml is the agent's configuration"
    )


def run(options: argparse.Namespace) -> int:
    """0 ended by request, 1 a part ended by itself or could not start."""
    del options
    place = home().absolute()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment = {**os.environ, "ROOTWARD_HOME": str(place), "PYTHONUNBUFFERED": "1"}
    environment.setdefault("ROOTWARD_LOG_LEVEL", "warning")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    running: list[subprocess.Popen[bytes]] = []
    try:
        address = place / "address"
        address.unlink(missing_ok=True)
        running.append(children.start(["server", "run"], environment))
        url = _wait_for(address, running[0])
        config = _agent_file(place)
        if not (place / "agent" / "credential.json").exists():
            _enroll(config, environment)
        running.append(children.start(["agent", "run", "--config", str(config)], environment))
        print(f"Rootward is up at {url} · data in {place} · Ctrl-C ends it", flush=True)
        return _watch(running)
    except Stopped:
        return 0
    except CannotStart as error:
        print(f"rootward up: {error}", file=sys.stderr)
        return 1
    finally:
        # The agent first, so that it can say goodbye.
        for child in reversed(running):
            children.stop(child)


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_IGN)
    raise Stopped


def _wait_for(address: Path, server: subprocess.Popen[bytes]) -> str:
    """The server writes its address once it is about to listen."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise CannotStart("the server did not start")
        if address.exists() and (url := address.read_text().strip()):
            return url
        time.sleep(LOOK_AGAIN)
    raise CannotStart(f"the server did not listen within {READY_SECONDS:.0f} s")


def _agent_file(place: Path) -> Path:
    path = place / "agent.toml"
    if not path.exists():
        path.write_text(AGENT_FILE, encoding="utf-8")
    return path


def _enroll(config: Path, environment: Mapping[str, str]) -> None:
    token = json.loads(_ask(["server", "token", "--json"], environment))
    words = str(token["command"]).split()
    _ask([*words[1:], "--config", str(config)], environment)


def _ask(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Another of our commands, to its end. Raises CannotStart with what it said."""
    done = subprocess.run(
        [*children.program(), *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ENROLL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise CannotStart(f"rootward {arguments[0]} {arguments[1]} failed: {done.stderr.strip()}")
    return done.stdout


def _watch(running: list[subprocess.Popen[bytes]]) -> int:
    names = ("the server", "the agent")
    while True:
        for name, child in zip(names, running, strict=True):
            if child.poll() is not None:
                print(f"rootward up: {name} ended by itself ({child.returncode})", file=sys.stderr)
                return 1
        time.sleep(LOOK_AGAIN)
