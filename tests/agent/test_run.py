"""The runner owns deadlines, second tries and what goes wrong."""

import asyncio
import time

import pytest

from agent.edge.state import EdgeState
from agent.looks.look import Look
from agent.looks.run import Runner
from agent.units.finding import CollectorUnit, ProbeUnit
from agent.workers.blocking import Blocking
from agent.workers.killable import Worker
from collectors.host import Host
from collectors.unit import Collector
from probes.unit import Probe
from wire.judgement import Judgement, Layer, Reason, Verdict, passed
from wire.target import TcpTarget

TARGET = TcpTarget("10.0.0.1", 80)
SUBJECT = "endpoint:tcp://10.0.0.1:80"


def failed(reason=Reason.TIMEOUT):
    return Judgement(signal="net.tcp", subject=SUBJECT, verdict=Verdict.FAIL, reason=reason)


def probe(ask=None, ask_all=None, seconds=1.0):
    declared = Probe(signals=("net.tcp",), layer=Layer.TRANSPORT, target=TcpTarget, timeout=seconds)
    return ProbeUnit(name="probes.test", question="?", probe=declared, ask=ask, ask_all=ask_all)


@pytest.fixture
def run():
    """Runs looks once; ``state`` holds what stood before."""
    state = EdgeState()

    def go(*looks):
        async def work():
            host = Host("web1")
            standing = lambda signal, subject: state.get((signal, subject))  # noqa: E731 - shorter
            runner = Runner(host, time.time, standing, Blocking(host, Worker(host)))
            findings = await runner.run(looks)
            for finding in findings:
                state.apply(finding)
            return findings

        return asyncio.run(work())

    return go


def answers(*judgements):
    """A probe that gives these one after the other."""
    left = iter(judgements)

    async def ask(_target, _net):
        return next(left)

    return probe(ask)


def outcomes(findings):
    return [(one.judgement.reason, one.confirmed) for one in findings]


def test_a_new_failure_is_tried_again_at_once(run):
    found = run(Look(answers(failed(), failed()), TARGET))
    assert outcomes(found) == [(Reason.TIMEOUT, False), (Reason.TIMEOUT, True)]


def test_both_results_are_told_when_the_second_try_passes(run):
    found = run(Look(answers(failed(), passed("net.tcp", SUBJECT)), TARGET))
    assert outcomes(found) == [(Reason.TIMEOUT, False), (Reason.OK, False)]


def test_another_reason_on_the_second_try_confirms_nothing(run):
    found = run(Look(answers(failed(), failed(Reason.REFUSED)), TARGET))
    assert outcomes(found) == [(Reason.TIMEOUT, False), (Reason.REFUSED, False)]


def test_a_failure_that_stands_already_is_not_tried_twice(run):
    unit = answers(failed(), failed(), failed())
    run(Look(unit, TARGET))
    assert len(run(Look(unit, TARGET))) == 1


def test_a_target_on_trial_is_not_tried_twice(run):
    assert len(run(Look(answers(failed()), TARGET, trial=True))) == 1


def test_a_probe_beyond_its_deadline_is_unknown(run):
    async def ask(_target, _net):
        await asyncio.sleep(60)

    (finding,) = run(Look(probe(ask, seconds=-0.9), TARGET))
    assert (finding.judgement.verdict, finding.judgement.reason) == (Verdict.UNKNOWN, Reason.DEADLINE)
    assert finding.judgement.subject == SUBJECT


def test_a_probe_that_raises_is_unknown_and_spoils_no_other(run):
    async def ask(_target, _net):
        raise RuntimeError("a fault of its own")

    broken, fine = run(
        Look(probe(ask), TARGET), Look(answers(passed("net.tcp", "endpoint:tcp://x:1")), TARGET)
    )
    assert broken.judgement.reason is Reason.INTERNAL
    assert fine.judgement.verdict is Verdict.PASS


def test_targets_of_one_batched_probe_are_asked_together(run):
    calls = []

    async def ask_all(targets, _net):
        calls.append(len(targets))
        return [passed("net.tcp", f"endpoint:tcp://{one.host}:{one.port}") for one in targets]

    unit = probe(ask_all=ask_all)
    targets = [TcpTarget(f"10.0.0.{n}", 80) for n in range(10)]
    found = run(*(Look(unit, target) for target in targets))
    assert calls == [10]
    assert {one.source for one in found} == {Look(unit, target).source for target in targets}


def test_a_collectors_new_failure_is_read_again(run):
    reads = []

    def read(_host):
        reads.append(1)
        return [Judgement(signal="a.b", subject="host:web1", verdict=Verdict.FAIL, reason=Reason.FULL)]

    declared = Collector(signals=("a.b",), layer=Layer.HOST)
    unit = CollectorUnit(name="collectors.test", question="?", collector=declared, read=read, follow=None)
    found = run(Look(unit))
    assert [one.confirmed for one in found] == [False, True]
    assert len(reads) == 2
