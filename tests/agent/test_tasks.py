"""Drill-down: what the server asks for is run, once, as configured, or refused with the reason."""

import asyncio
import socket
import time

import pytest

from agent.config import Config
from agent.edge.state import EdgeState, Finding
from agent.looks.run import Runner
from agent.looks.targets import Targets
from agent.looks.tasks import Tasks
from agent.sending.outbox import Outbox
from agent.sending.spool import Spool
from agent.units.finding import load_units
from agent.workers.blocking import Blocking
from agent.workers.killable import Worker
from collectors.host import Host
from wire.exchange import Ack, Task
from wire.inventory import Inventory, Nic
from wire.judgement import Judgement, Path, Reason, Verdict
from wire.target import GreetingTarget, HttpTarget, LocalTarget, TcpTarget

UNITS = load_units()


@pytest.fixture
def outbox(home):
    made = Outbox(Spool(home.spool), EdgeState(), clock=time.time, wake=lambda: None)
    yield made
    made.close()


@pytest.fixture
def ask(outbox):
    """Runs the tasks to their end; returns the batch that answers them."""

    def run(*tasks, known=(), at=None, after_a_round=False):
        async def work():
            host = Host("web1")
            runner = Runner(host, time.time, outbox.standing, Blocking(host, Worker(host)))
            targets = Targets(Config(target=tuple(known)), "", UNITS, {})
            nic = Nic(name="eth0", addresses=("10.0.1.11/24",))
            targets.update(Inventory(host="web1", nics=(nic,)), (), time.time())
            if after_a_round:
                await runner.run([look for look in targets.looks() if look.target in known])
            desk = Tasks(runner, UNITS, targets, outbox, time.time)
            desk.accept(Ack(applied=0, at=at or time.time(), tasks=tasks))
            await asyncio.gather(*desk._running)

        asyncio.run(work())
        return outbox.take("a1", "", 10).batch

    return run


def task(check, target, number=1, expires_at=None):
    return Task(id=f"t{number}", check=check, target=target, expires_at=expires_at or time.time() + 30)


@pytest.fixture
def door():
    listening = socket.create_server(("127.0.0.1", 0))
    yield listening.getsockname()[1]
    listening.close()


def test_a_known_target_is_probed_and_the_answer_names_the_task(ask, door):
    target = TcpTarget("127.0.0.1", door)
    batch = ask(task("net.tcp", target), known=[target])
    (answer,) = batch.observations
    assert (answer.task, answer.signal, answer.verdict) == ("t1", "net.tcp", Verdict.PASS)


def test_what_the_server_names_by_its_subject_is_asked_as_in_the_rounds(ask):
    target = GreetingTarget("127.0.0.1", "smtp", 1)
    wanted = task("app.greeting", LocalTarget(target.subject))
    answers = ask(wanted, known=[target], after_a_round=True).observations
    assert {(one.task, one.subject, one.reason) for one in answers} == {
        ("t1", target.subject, Reason.REFUSED)
    }


def test_a_collector_answers_for_the_subject_that_was_asked(ask):
    batch = ask(task("mem.available", LocalTarget("host:web1")))
    assert {one.signal for one in batch.observations} == {"mem.available"}
    assert all(one.task == "t1" for one in batch.observations)


@pytest.fixture
def logged(outbox):
    """A service logs that it cannot reach a door."""

    def say(address: str, port: int, ago: float = 0.0) -> None:
        judgement = Judgement(
            signal="log.upstream_failed",
            subject="service:web1/nginx",
            verdict=Verdict.FAIL,
            reason=Reason.MATCHED,
            path=Path(address=address, port=port),
        )
        at = time.time() - ago
        outbox.submit([Finding(judgement=judgement, at=at, source="log", occurrence=True)])

    return say


def test_a_door_that_a_log_has_just_named_may_be_tried(ask, logged):
    logged("203.0.113.7", 443)
    late = task("net.tcp", TcpTarget("203.0.113.7", 443), expires_at=time.time() - 1)  # nothing leaves here
    assert "expired" in ask(late).refusals[0].why


def test_what_a_log_named_long_ago_may_not_be_tried(ask, logged):
    logged("203.0.113.7", 443, ago=400)
    assert "neither known" in ask(task("net.tcp", TcpTarget("203.0.113.7", 443))).refusals[0].why


@pytest.mark.parametrize(
    ("check", "target", "why"),
    [
        ("net.tcp", TcpTarget("1.1.1.1", 53), "neither known"),
        ("app.http", HttpTarget("http://169.254.169.254/"), "credentials of this machine"),
        ("no.such", LocalTarget("host:web1"), "no check here"),
        ("net.tcp", LocalTarget("host:web1"), "TcpTarget"),
        ("mem.available", TcpTarget("10.0.1.1", 1), "its target is local"),
        ("log.oom_kill", LocalTarget("host:web1"), "not on demand"),
        ("fs.space", LocalTarget("fs:web2:/"), "another host"),
    ],
)
def test_what_is_not_permitted_is_refused_with_the_reason(ask, check, target, why):
    batch = ask(task(check, target))
    (refusal,) = batch.refusals
    assert refusal.task == "t1"
    assert why in refusal.why
    assert not batch.observations


def test_an_expired_task_is_refused_by_the_clock_of_the_server(ask):
    ahead = time.time() + 3600
    target = LocalTarget("host:web1")
    late = ask(task("mem.available", target, 1, ahead - 5), at=ahead)
    assert [one.task for one in late.refusals] == ["t1"]
    good = ask(task("mem.available", target, 2, ahead + 30), at=ahead)
    assert any(one.task == "t2" for one in good.observations)


def test_a_task_that_comes_twice_is_run_once(ask):
    wanted = task("mem.available", LocalTarget("host:web1"))
    assert len(ask(wanted, wanted).observations) == 1


def test_what_a_collector_no_longer_mentions_is_refused_and_not_kept_alive(ask, outbox):
    gone = Judgement(signal="fs.space", subject="fs:web1:/gone", verdict=Verdict.FAIL, reason=Reason.FULL)
    outbox.submit([Finding(judgement=gone, at=1000.0, source="collectors.storage.space", round="15s/1")])
    batch = ask(task("fs.space", LocalTarget("fs:web1:/gone")))
    assert [(each.task, each.why) for each in batch.refusals] == [("t1", "no such thing here now")]
    assert [entry.at for entry in outbox.entries()] == [1000.0]
