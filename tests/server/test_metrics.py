"""What Prometheus scrapes from the server, as promtool sees it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

PROMTOOL = shutil.which("promtool")


def test_promtool_finds_nothing_to_say_of_it(server, agent) -> None:
    if PROMTOOL is None:
        pytest.skip("promtool (package prometheus) is not installed")
    agent.send(agent.batch(agent.look()))
    text = server.get("/metrics").text
    assert "rootward_ingest_batches_total{" in text
    done = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.stdout + done.stderr).strip() == ""
