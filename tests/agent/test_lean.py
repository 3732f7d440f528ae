"""The agent runs without docstrings; what it says and does is the same."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from agent.lean import become_lean
become_lean(Path(sys.argv[1]))
import agent.main
print(sys.flags.optimize, agent.main.__doc__ is None, sys.argv[1:])
"""


def run(tmp_path, **environment):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path), "--and", "more words"],
        env={**kept, "PYTHONPATH": str(Path.cwd()), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_starts_itself_anew_with_the_same_words(tmp_path):
    words = [str(tmp_path), "--and", "more words"]
    code = str(tmp_path / "code")
    assert run(tmp_path, PYTHONPYCACHEPREFIX=code) == f"2 True {words}"
    assert list(Path(code).rglob("main.cpython-*.opt-2.pyc"))


def test_where_no_byte_code_may_lie_beside_the_sources_it_keeps_its_own_at_home(tmp_path):
    assert run(tmp_path, PYTHONDONTWRITEBYTECODE="1").startswith("2 True")
    assert list((tmp_path / "cache" / "code").rglob("main.cpython-*.opt-2.pyc"))
