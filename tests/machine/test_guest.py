"""The agent of QEMU, run here as it runs inside the virtual machine, does what drills ask of a host."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.errors import LabError
from drills.machine.guest import Guest

AGENT = shutil.which("qemu-ga", path="/usr/sbin:/usr/bin")


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    if AGENT is None:
        pytest.skip("qemu-guest-agent is not installed")
    socket = tmp_path / "agent"
    argv = [AGENT, "--method", "unix-listen", "--path", str(socket), "--statedir", str(tmp_path)]
    process = subprocess.Popen([*argv, "--logfile", str(tmp_path / "log")])
    try:
        guest = Guest("vm1", socket)
        guest.wait(100)
        yield guest
        guest.close()
    finally:
        process.kill()
        process.wait()


def test_what_a_command_says_is_heard(guest: Guest) -> None:
    done = guest.run("sh", "-c", "cat; echo oh >&2", stdin="hello")
    assert (done.stdout, done.stderr) == ("hello", "oh\n")


def test_a_command_that_fails_is_told_with_its_words(guest: Guest) -> None:
    with pytest.raises(LabError, match=r"ended with 3: no room"):
        guest.run("sh", "-c", "echo no room >&2; exit 3")


def test_a_command_may_fail_where_that_is_expected(guest: Guest) -> None:
    assert guest.run("false", check=False).returncode == 1


def test_a_command_that_takes_too_long_is_ended(guest: Guest) -> None:
    with pytest.raises(LabError, match="took more than"):
        guest.run("sleep", "60", timeout=0.1)


def test_a_program_that_is_not_there_is_named(guest: Guest) -> None:
    with pytest.raises(LabError, match="no-such-program"):
        guest.run("no-such-program")


def test_a_file_is_written_with_its_mode_and_read_whole(guest: Guest, tmp_path: Path) -> None:
    text = "line\n" * 500_000
    guest.write(f"{tmp_path}/new/file", text, 0o600)
    assert guest.read(f"{tmp_path}/new/file").decode() == text
    assert (tmp_path / "new/file").stat().st_mode & 0o777 == 0o600


def test_what_an_earlier_question_left_unread_is_not_taken_for_an_answer(guest: Guest) -> None:
    guest._line._send(b'{"execute": "guest-info"}\n')
    guest.wait(100)
    assert guest.run("echo", "now").stdout == "now\n"
