"""The one command: what it imports, says and returns."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from cli import __version__
from cli.main import COMMANDS
from cli.text import harmless, table

HEAVY = ("litestar", "sqlalchemy", "requests", "scapy", "apscheduler", "msgspec", "psutil", "jinja2")


def rootward(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_the_version_is_printed() -> None:
    assert rootward("--version").stdout == f"rootward {__version__}\n"


def test_asking_for_the_version_imports_nothing_heavy() -> None:
    code = (
        "import sys, json; from cli.main import main; main(['--version']);"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert not [name for name in loaded if name.partition(".")[0] in HEAVY]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_its_usage(name: str) -> None:
    done = rootward(name, "--help")
    assert done.returncode == 0, done.stderr
    assert f"usage: rootward {name}" in done.stdout


def test_an_unknown_command_is_a_usage_error_that_names_it() -> None:
    done = rootward("frobnicate")
    assert done.returncode == 2
    assert "frobnicate" in done.stderr


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m cli.main rules list | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout
    assert "Traceback" not in done.stderr


def test_without_a_server_tickets_says_what_to_do() -> None:
    done = rootward("tickets", "--server", "http://127.0.0.1:9", "--token-file", "/dev/null")
    assert done.returncode == 2
    assert "does not answer" in done.stderr


def test_control_characters_become_visible() -> None:
    assert harmless("a\x1b[31mred\x07") == "a\\x1b[31mred\\x07"
    assert harmless("right\u202eleft") == "right\\x202eleft"


def test_columns_line_up_also_with_chinese_text() -> None:
    lines = table(("A", "B"), [("网络", "x"), ("net", "y")]).splitlines()
    assert lines[1] == "网络  x"
    assert lines[2] == "net   y"
