"""Least privilege: units name what they need, the service grants it, ``agent check`` tells what is denied."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.units.capabilities import name_of
from agent.units.finding import load_units

SERVICE = Path(__file__).parents[2] / "deploy" / "systemd" / "rootward-agent.service"


def capabilities(start):
    lines = SERVICE.read_text().splitlines()
    return {one for line in lines if line.startswith(start) for one in line.partition("=")[2].split()}


def granted():
    return capabilities("AmbientCapabilities=")


def left_to_the_owner():
    return capabilities("#   AmbientCapabilities=")


def check(tmp_path, *wrapper):
    """Exit code and rows of a check of this machine."""
    config = tmp_path / "agent.toml"
    config.write_text(
        f'home = "{tmp_path / "agent"}"\nmetrics = ""\n'
        '[[target]]\nkind = "icmp"\naddress = "192.0.2.1"\n[logs]\njournal = false\n'
    )
    command = [sys.executable, "-m", "cli.main", "agent", "check", "--json", "--config", str(config)]
    done = subprocess.run([*wrapper, *command], capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def with_capabilities(*names):
    if os.geteuid() != 0:
        pytest.skip("to give capabilities away needs root")
    kept = ",".join(["-all", *(f"+{name.lower().removeprefix('cap_')}" for name in names)])
    return ("setpriv", f"--bounding-set={kept}", f"--inh-caps={kept}", "--no-new-privs")


def test_the_service_grants_what_the_units_need_or_says_how_to():
    needs = {name_of(need) for unit in load_units() for need in declared(unit).needs}
    assert needs <= granted() | left_to_the_owner()
    assert not granted() & left_to_the_owner()


def declared(unit):
    return unit.collector if hasattr(unit, "collector") else unit.probe


def test_systemd_understands_the_service(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / SERVICE.name
    copy.write_text(SERVICE.read_text().replace("/opt/rootward/.venv/bin/rootward", "/bin/true"))
    argv = ["systemd-analyze", "verify", "--man=no", str(copy)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.root
def test_without_capabilities_the_check_names_each_unit_that_lacks_one_and_what_would_grant_it(tmp_path):
    code, rows = check(tmp_path, *with_capabilities())
    denied = {row["check"]: row["note"] for row in rows if row["reason"] == "not_permitted"}
    assert code == 1
    assert "AmbientCapabilities=CAP_NET_RAW" in denied["net.icmp"]


@pytest.mark.root
def test_with_what_the_service_grants_no_need_of_a_unit_is_denied(tmp_path):
    _, rows = check(tmp_path, *with_capabilities(*granted()))
    needing = {unit.name for unit in load_units() if {*map(name_of, declared(unit).needs)} & granted()}
    assert [row for row in rows if row["unit"] in needing and row["reason"] == "not_permitted"] == []
