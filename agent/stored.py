"""Loads and saves what a restart must not forget: the edge state, and what units remember."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from pathlib import Path
from typing import Any

import msgspec

from agent.edge.state import EdgeState, Entry
from agent.home import Home, write_private
from agent.sending.spool import Spool

log = logging.getLogger("rootward.stored")
REPLAYED = 5_000


class AlreadyRunning(Exception):
    """Another agent works in this folder."""


def lock(home: Home) -> int:
    """Held until the process ends, however it ends. Raises AlreadyRunning."""
    descriptor = os.open(home.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise AlreadyRunning(f"another agent runs in {home.path}") from None
    return descriptor


def load_state(home: Home, spool: Spool) -> EdgeState:
    """The saved state, and over it what the spool says was told later. A bad file means: start anew."""
    entries: list[Entry] = []
    try:
        entries = msgspec.msgpack.decode(home.state.read_bytes(), type=list[Entry])
    except FileNotFoundError:
        log.info("no saved state: every result is news")
    except (OSError, msgspec.MsgspecError) as error:
        log.warning("the saved state cannot be used (%s): every result is news", error)
    state = EdgeState(entries)
    for observation in spool.peek(REPLAYED):
        state.restore(observation)
    return state


def save(path: Path, content: bytes) -> None:
    """A full disk is no reason to end: what is lost is only how long results have stood."""
    try:
        write_private(path, content, durable=False)
    except OSError as error:
        log.warning("cannot save %s: %s", path, error)


def load_remembered(home: Home) -> dict[str, Any]:
    try:
        content = json.loads(home.remembered.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s cannot be used: %s", home.remembered, error)
        return {}
    return content if isinstance(content, dict) else {}


def remembered_bytes(remembered: dict[str, Any]) -> bytes:
    return json.dumps(remembered, sort_keys=True, default=str).encode()
