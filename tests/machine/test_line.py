"""A line to QEMU's programs sorts out answers, refusals, events, and what nobody waited for."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drills.errors import LabError
from drills.machine.line import Line

Answers = Callable[[dict[str, Any]], bytes]


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Callable[[Answers], Line]]:
    """Something that answers each line as it is told to, on a real socket."""
    place = tmp_path / "socket"
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(place))
    door.listen()
    lines: list[Line] = []

    def serve(answers: Answers) -> None:
        peer, _ = door.accept()
        with peer, peer.makefile("rb") as asked:
            for line in asked:
                peer.sendall(answers(json.loads(line.lstrip(b"\xff"))))

    def start(answers: Answers) -> Line:
        threading.Thread(target=serve, args=(answers,), daemon=True).start()
        lines.append(Line(place))
        return lines[0]

    yield start
    for line in lines:
        line.close()
    door.close()


def test_events_before_the_answer_are_passed_over(listening: Callable[[Answers], Line]) -> None:
    line = listening(lambda _: b'{"event": "RESET"}\n{"return": 7}\n')
    assert line.ask("query") == 7


def test_a_refusal_is_told_in_its_own_words(listening: Callable[[Answers], Line]) -> None:
    line = listening(lambda _: b'{"error": {"class": "GenericError", "desc": "no such device"}}\n')
    with pytest.raises(LabError, match="set_link: no such device"):
        line.ask("set_link", {"name": "x", "up": False})


def test_silence_is_an_error_in_time(listening: Callable[[Answers], Line]) -> None:
    line = listening(lambda _: b"")
    with pytest.raises(LabError, match="does not answer"):
        line.ask("query", seconds=0.05)


def test_half_an_answer_of_before_does_not_spoil_the_meeting(listening: Callable[[Answers], Line]) -> None:
    def answers(asked: dict[str, Any]) -> bytes:
        return b'{"return": {"half\n\xff' + json.dumps({"return": asked["arguments"]["id"]}).encode() + b"\n"

    assert listening(answers).meet()


def test_nobody_there_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="nobody listens on monitor"):
        Line(tmp_path / "monitor", seconds=0.1)
