"""A line to a program of QEMU that answers one JSON object per line: its monitor, and the agent inside."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drills.errors import LabError

RESET = b"\xff"
"""Makes the agent inside forget a request that was cut short; it answers with the same byte."""


class Line:
    """One connection. Not for several threads at once."""

    def __init__(self, path: Path, seconds: float = 20) -> None:
        """Raises LabError when nobody listens there."""
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._read = b""
        until = time.monotonic() + seconds
        while True:
            try:
                self._socket.connect(str(path))
            except OSError as error:
                if time.monotonic() > until:
                    self._socket.close()
                    raise LabError(f"nobody listens on {path.name}: {error}") from None
                time.sleep(0.1)
            else:
                return

    def close(self) -> None:
        self._socket.close()

    def ask(self, command: str, arguments: Mapping[str, object] | None = None, seconds: float = 20) -> Any:
        """What came back. Raises LabError for a refusal, and when there is no answer in time."""
        words: dict[str, object] = {"execute": command}
        if arguments:
            words["arguments"] = dict(arguments)
        self._send(json.dumps(words).encode() + b"\n")
        until = time.monotonic() + seconds
        while True:
            answer = self._answer(until)
            if "error" in answer:
                raise LabError(f"{self._path.name}: {command}: {answer['error'].get('desc', answer)}")
            if "return" in answer:  # everything else is an event or a greeting
                return answer["return"]

    def meet(self, seconds: float = 1.0) -> bool:
        """Whether the agent inside is there; what it had still to say to earlier questions is dropped."""
        number = random.randrange(1 << 31)
        ask = {"execute": "guest-sync-delimited", "arguments": {"id": number}}
        until = time.monotonic() + seconds
        with contextlib.suppress(LabError):
            self._send(RESET + json.dumps(ask).encode() + b"\n")
            while self._answer(until).get("return") != number:
                pass
            return True
        return False

    def _send(self, words: bytes) -> None:
        try:
            self._socket.settimeout(5)
            self._socket.sendall(words)
        except OSError as error:
            raise LabError(f"{self._path.name}: {error}") from None

    def _answer(self, until: float) -> dict[str, Any]:
        while b"\n" not in self._read:
            left = until - time.monotonic()
            if left <= 0:
                raise LabError(f"{self._path.name} does not answer")
            self._socket.settimeout(left)
            try:
                more = self._socket.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                raise LabError(f"{self._path.name}: {error}") from None
            if not more:
                raise LabError(f"{self._path.name} was closed")
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        try:
            return dict(json.loads(line.rpartition(RESET)[2]))
        except ValueError:  # what was left of an answer that nobody waited for
            return {}
