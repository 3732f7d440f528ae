"""The receiver of notifications, told by a real Alertmanager."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from bench.compare import settings
from bench.compare.receiver import Receiver

pytestmark = pytest.mark.root
PATIENCE = 200.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    if os.geteuid():
        pytest.skip("entering a network needs root")
    receiver = Receiver(os.getpid(), "127.0.0.1:0")
    yield receiver
    receiver.close()


@pytest.fixture
def alertmanager(receiver: Receiver, tmp_path: Path) -> Iterator[str]:
    """Its URL; configured from the package's example."""
    program = shutil.which("prometheus-alertmanager")
    if program is None or not settings.PACKAGED.exists():
        pytest.skip("prometheus-alertmanager is not installed")
    config = settings.alertmanager(settings.PACKAGED.read_text())
    file = tmp_path / "alertmanager.yml"
    file.write_text(config.replace(settings.HOOK, f"127.0.0.1:{receiver.server_address[1]}"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    argv = [program, f"--config.file={file}", f"--storage.path={tmp_path}", f"--web.listen-address={address}"]
    with subprocess.Popen([*argv, "--cluster.listen-address="], stderr=subprocess.DEVNULL) as process:
        yield f"http://{address}"
        process.terminate()


def tell(url: str, *alerts: dict[str, str]) -> None:
    """Once Alertmanager answers."""
    body = [{"labels": alert, "startsAt": datetime.now(UTC).isoformat()} for alert in alerts]
    until = time.monotonic() + PATIENCE
    while True:
        try:
            requests.post(f"{url}/api/v2/alerts", json=body, timeout=100).raise_for_status()
        except requests.RequestException:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def test_two_alerts_of_one_name_come_in_one_notification_of_their_variant(
    alertmanager: str, receiver: Receiver
):
    alerts = [{"alertname": "Down", "variant": "quick", "instance": name} for name in ("web1", "web2")]
    tell(alertmanager, *alerts)
    until = time.monotonic() + PATIENCE
    while not receiver.posts and time.monotonic() < until:
        time.sleep(0.1)
    assert [(post.variant, list(post.alerts)) for post in receiver.posts] == [("quick", alerts)]
