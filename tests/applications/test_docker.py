"""Containers in their good and their bad states, in a real Docker."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.services import containers
from tests.applications.conftest import by_signal, wait_for
from tests.applications.docker import Engine, engine
from wire.judgement import Judgement, Reason, Verdict

pytestmark = pytest.mark.root
FOR_LONG = ("/bin/sleep", "100000")
UNTIL_TOLD = "until [ -e /end ]; do sleep 0.1; done; "
ENDS = ("/bin/sh", "-c", UNTIL_TOLD + "exit 2")
FILLS_MEMORY = (
    UNTIL_TOLD + "(x=a; while :; do x=$x$x; done); until [ -e /over ]; do sleep 0.1; done; exit 137"
)
"""Its child is what the kernel kills: of a container that ends as soon, Docker may hear the end first."""


@pytest.fixture(scope="module")
def docker() -> Iterator[Engine]:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with tempfile.TemporaryDirectory(prefix="docker-") as folder:
        Path(folder).chmod(0o755)  # who may go there sees who may not ask
        with engine(Path(folder), f"tests-{os.getpid()}") as made:
            yield made


@pytest.fixture
def told(docker, box, monkeypatch) -> Callable[[str], Judgement | None]:
    """What is said of this container, one look after the other."""
    monkeypatch.setattr(containers, "SOCKETS", (str(docker.socket),))

    def look(name: str) -> Judgement | None:
        mine = [one for one in containers.read(box) if one.subject == f"service:box/{name}"]
        return by_signal(containers, mine).get("container.state")

    return look


def test_one_that_runs_is_well(docker, told):
    docker.run("well", *FOR_LONG, options=("--restart", "always"))
    assert told("well").verdict is Verdict.PASS


def test_one_that_ended_as_it_should_is_not_told_of(docker, told):
    wait_for(lambda: docker.state("first")["Status"] == "exited", "the end")
    assert told("first") is None


@pytest.mark.parametrize("code", [3, 137])
def test_one_that_the_engine_no_longer_starts_anew_is_stopped(docker, told, code):
    name = f"failed-{code}"
    docker.run(name, "/bin/sh", "-c", f"exit {code}", options=("--restart", "on-failure:1"))
    wait_for(lambda: (said := told(name)) is not None and said.reason is Reason.STOPPED, "the last end")
    assert told(name).evidence["exit_code"] == code


def test_one_that_nobody_keeps_is_stopped_only_if_it_was_seen_to_run(docker, told):
    for name in ("seen", "unseen"):
        docker.run(name, *ENDS)
    assert told("seen").verdict is Verdict.PASS
    for name in ("seen", "unseen"):
        docker.told("exec", name, "/bin/touch", "/end")
        wait_for(lambda name=name: docker.state(name)["Status"] == "exited", "the end")
    told("seen")
    assert told("seen").reason is Reason.STOPPED


def test_one_that_ends_again_and_again_is_restarting(docker, told):
    docker.run("loop", "/bin/false", options=("--restart", "always"))
    wait_for(lambda: (said := told("loop")) is not None and said.reason is Reason.RESTARTING, "the loop")


def test_one_that_the_kernel_killed_for_its_memory_is_exhausted(docker, told):
    if not json.loads(docker.told("info", "--format", "{{json .MemoryLimit}}")):
        pytest.skip("this kernel does not limit the memory of a container")
    docker.run("fat", "/bin/sh", "-c", FILLS_MEMORY, options=("--memory", "8m"))
    assert told("fat").verdict is Verdict.PASS
    docker.told("exec", "fat", "/bin/touch", "/end")
    heard = ("events", "--since", "1", "--until", "0s", "--filter", "container=fat", "--filter", "event=oom")
    wait_for(lambda: bool(docker.told(*heard)), "the kill")
    docker.told("exec", "fat", "/bin/touch", "/over")
    wait_for(lambda: (said := told("fat")) is not None and said.reason is Reason.EXHAUSTED, "the end")
    assert told("fat").evidence["oom_killed"] is True


def test_one_whose_own_check_fails_is_hung(docker, told):
    check = ("--health-cmd", "false", "--health-interval", "1s", "--health-retries", "1")
    docker.run("sick", *FOR_LONG, options=check)
    wait_for(lambda: told("sick").reason is Reason.HUNG, "the check")
    assert told("sick").evidence["health"] == "unhealthy"


def test_one_that_somebody_stopped_is_not_told_of(docker, told):
    docker.run("stopped", *FOR_LONG, options=("--restart", "always", "--stop-signal", "KILL"))
    assert told("stopped").verdict is Verdict.PASS
    docker.told("stop", "stopped")
    assert told("stopped") is None


def test_an_engine_that_does_not_let_us_ask_is_unknown_and_says_how_to_grant_it(docker, told, box):
    os.seteuid(65_534)
    try:
        (said,) = containers.read(box)
    finally:
        os.seteuid(0)
    assert (said.verdict, said.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)
    assert str(docker.socket) in str(said.evidence["grant"])
