"""The picture over HTTP and by the command line, and a drawing that becomes what is declared."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from rules.topology.drawing import read_drawing
from tests.waiting import soon
from wire.inventory import Inventory, Nic

DRAWING = 'graph [ node [ id 1 label "sw1" ] node [ id 2 label "drawn1" ] edge [ source 1 target 2 ] ]'


@pytest.fixture
def drawn(server):
    agent = server.enroll("drawn1")
    nic = Nic(name="eth0", addresses=("10.6.0.1/24",))
    agent.send(agent.batch(inventory=Inventory(host="drawn1", nics=(nic,), at=time.time() - 3600)))
    assert soon(lambda: server.get("/api/v1/topology").json()["edges"])
    return agent


def command(server, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "topology", *words],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_an_edge_says_its_source_and_when_it_was_last_seen(server, drawn) -> None:
    edges = server.get("/api/v1/topology").json()["edges"]
    edge = next(
        each for each in edges if each["child"] == "nic:drawn1/eth0" and each["relation"] == "runs_on"
    )
    assert edge["source"] == "discovered"
    assert edge["age"] < 1800  # the inventory is an hour old, and its agent has just been heard


def test_the_command_prints_exports_and_imports(server, drawn, tmp_path) -> None:
    path = tmp_path / "site.gml"
    path.write_text(DRAWING)
    site = {"group": [{"name": "g", "members": ["host:drawn1", "host:drawn2"]}], "switch": []}
    assert server.post("/api/v1/site", json=site).status_code == 200
    assert command(server, "import", str(path), "--dry-run").returncode == 0
    assert server.get("/api/v1/site").json()["switch"] == []
    done = command(server, "import", str(path))
    assert (done.returncode, "drawn1/eth0" in done.stdout) == (0, True), done.stderr
    declared = server.get("/api/v1/site").json()
    assert declared["switch"] == [{"name": "sw1", "ports": ["drawn1/eth0"], "uplinks": []}]
    assert declared["group"][0]["name"] == "g"
    assert "switch:sw1" in command(server).stdout
    exported = command(server, "--format", "graphml")
    assert "switch:sw1" in read_drawing(exported.stdout.encode()).nodes
    assert "group:g" in {each["id"] for each in json.loads(command(server, "--json").stdout)["groups"]}
    assert command(server, "--format", "dot").stdout.startswith("digraph")


def test_a_file_that_is_no_drawing_changes_nothing(server, drawn, tmp_path) -> None:
    before = server.get("/api/v1/site").json()
    path = tmp_path / "bad.gml"
    path.write_text("hello")
    done = command(server, "import", str(path))
    assert (done.returncode, "bad.gml" in done.stderr) == (1, True)
    assert server.get("/api/v1/site").json() == before


def test_the_host_of_a_revoked_agent_is_in_the_picture_no_longer(server) -> None:
    def children() -> set[str]:
        return {each["child"] for each in server.get("/api/v1/topology").json()["edges"]}

    agent = server.enroll("sold1")
    nic = Nic(name="eth0", addresses=("10.6.9.1/24",))
    agent.send(agent.batch(inventory=Inventory(host="sold1", nics=(nic,), at=time.time())))
    assert soon(lambda: "nic:sold1/eth0" in children())
    assert server.delete(f"/api/v1/agents/{agent.id}").status_code == 204
    assert soon(lambda: "nic:sold1/eth0" not in children())
