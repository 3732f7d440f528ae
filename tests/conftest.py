"""What tests of every part share: network namespaces of their own, removed after use; compiled signatures."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rules.matching.matcher import Matcher

ROOT = Path(__file__).parent.parent
LACKING = ("need root", "needs root", "is not installed", "not permitted")
"""Reasons to skip that the machine is to blame for; other reasons (no evaluation data) cost nothing."""

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")  # on a busy machine any example may take long


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What was skipped for lack of root or of a package is not passed, unless ALLOW_SKIPS says so."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or exitstatus != pytest.ExitCode.OK or os.environ.get("ALLOW_SKIPS"):
        return
    reasons = [str(report.longrepr) for report in reporter.stats.get("skipped", ())]
    lacking = [reason for reason in reasons if any(word in reason for word in LACKING)]
    if lacking:
        reporter.write_line(
            f"{len(lacking)} tests were skipped for lack of root or packages; ALLOW_SKIPS=1 accepts it"
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def journal_closed() -> Iterator[None]:
    """Opened within the tests' process, the server's log writes to a standard error that ends with a test."""
    yield
    for handler in [each for each in logging.root.handlers if type(each).__module__ == "server.journal"]:
        logging.root.removeHandler(handler)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the compiled signatures: made once for all workers, as it takes many seconds."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Matcher(folder=folder)
    return folder


def lend(compiled: Path, home: Path) -> None:
    """Gives an agent that has not started yet what it would compile first."""
    cache = home / "cache"
    cache.mkdir(mode=0o700, parents=True)
    for path in compiled.glob("*.hsdb"):
        shutil.copyfile(path, cache / path.name)
        (cache / path.name).chmod(0o600)


class Namespaces:
    """Network namespaces by short name. Every command that fails stops the test with its output."""

    def __init__(self) -> None:
        self._tag = secrets.token_hex(2)
        self._names: list[str] = []

    def add(self, name: str) -> None:
        self._names.append(name)
        run("ip", "netns", "add", self.full(name))
        self.run(name, "ip", "link", "set", "lo", "up")

    def full(self, name: str) -> str:
        return f"rwp-{self._tag}-{name}"

    def argv(self, name: str, *argv: str) -> list[str]:
        """The command line that runs a command inside."""
        return ["ip", "netns", "exec", self.full(name), *argv]

    def run(self, name: str, *argv: str) -> str:
        return run(*self.argv(name, *argv))

    def veth(self, name: str, interface: str, other: str, other_interface: str) -> None:
        """A cable between two namespaces, both ends up."""
        peer = ("peer", "name", other_interface, "netns", self.full(other))
        run("ip", "link", "add", interface, "netns", self.full(name), "type", "veth", *peer)
        self.run(name, "ip", "link", "set", interface, "up")
        self.run(other, "ip", "link", "set", other_interface, "up")

    def close(self) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "del", self.full(name)], check=False, capture_output=True)


def run(*argv: str) -> str:
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr.strip()}"
    return done.stdout


@pytest.fixture
def namespaces() -> Iterator[Namespaces]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    made = Namespaces()
    try:
        yield made
    finally:
        made.close()
