"""Memory that only the start needed is given back, and nothing breaks by it."""

import subprocess
import sys

CODE = """
import ssl, hashlib, msgspec
from pathlib import Path
from agent.memory import trim, unmap_programs

def resident():
    rows = [line.split() for line in Path("/proc/self/smaps_rollup").read_text().splitlines()]
    return {row[0]: int(row[1]) for row in rows if row[-1] == "kB"}

before = resident()
trim()
unmap_programs()
after = resident()
assert after["Rss:"] < before["Rss:"] - 2000, (before, after)
assert after["Anonymous:"] <= before["Anonymous:"] + 1000
import decimal, json, sqlite3
context = ssl.create_default_context()
digest = hashlib.sha256(b"x").hexdigest()
print(digest[:4], json.loads("[1]"), msgspec.json.decode(b"[2]"), decimal.Decimal(3))
"""


def test_program_pages_that_are_let_go_come_back_when_needed():
    done = subprocess.run([sys.executable, "-c", CODE], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "2d71 [1] [2] 3\n"), done.stderr
