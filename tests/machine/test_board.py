"""The controller of the virtual machine's board tells what sensors read, and logs what is not normal."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.errors import LabError
from drills.machine.board import SENSORS, Board
from drills.machine.machine import free_port
from tests.waiting import soon

END, ESCAPE = 0xA0, 0xAA
READ_SENSOR, SIZE_OF_LOG = (4, 0x2D), (10, 0x40)
FAN = SENSORS["fan"]


class Wire:
    """The line between machine and controller, as QEMU speaks on it."""

    def __init__(self, port: int) -> None:
        assert soon(lambda: self._connected(port))

    def _connected(self, port: int) -> bool:
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), 20)
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()

    def ask(self, command: tuple[int, int], *data: int) -> bytes:
        """What follows the completion code, which is that of success."""
        words = [1, command[0] << 2, command[1], *data]
        sent = b""
        for byte in (*words, -sum(words) & 0xFF):
            sent += bytes([ESCAPE, byte | 0x10]) if byte in (0xA0, 0xA1, ESCAPE) else bytes([byte])
        self._socket.sendall(sent + bytes([END]))
        answer = self._answer()
        assert answer[:4] == bytes([1, command[0] << 2 | 4, command[1], 0])
        return answer[4:-1]

    def _answer(self) -> bytes:
        found, escaped = b"", False
        while (byte := self._socket.recv(1)[0]) != END:
            found = b"" if byte == 0xA1 else found + bytes([byte & ~0x10 if escaped else byte])
            escaped = byte == ESCAPE
            found = found[:-1] if escaped else found
        return found


@pytest.fixture
def board(tmp_path: Path) -> Iterator[tuple[Board, Wire]]:
    if shutil.which("ipmi_sim") is None:
        pytest.skip("openipmi is not installed")
    port = free_port()
    board = Board(tmp_path, port)
    board.up()
    wire = Wire(port)
    yield board, wire
    wire.close()
    board.down()


def reading(wire: Wire) -> int:
    return wire.ask(READ_SENSOR, FAN.number)[0] * FAN.step


def logged(wire: Wire) -> int:
    return int.from_bytes(wire.ask(SIZE_OF_LOG)[1:3], "little")


def test_a_reading_past_a_threshold_is_told_and_logged_and_so_is_its_return(
    board: tuple[Board, Wire],
) -> None:
    here, wire = board
    assert soon(lambda: reading(wire) == FAN.usual)
    assert logged(wire) == 0
    here.reads("fan", 300)
    assert soon(lambda: reading(wire) == 300 and logged(wire) == 2)
    here.reads("fan")
    assert soon(lambda: reading(wire) == FAN.usual and logged(wire) == 4)


def test_a_sensor_that_there_is_not_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no sensor pump: fan, inlet"):
        Board(tmp_path, 0).reads("pump", 1)
