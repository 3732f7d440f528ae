"""A collector's silence about a subject retires it; a collector that could not be read was not silent."""

import asyncio
import time

import pytest

from agent.config import Config
from agent.edge.state import EdgeState, Finding
from agent.looks.rounds import Rounds
from agent.looks.run import Runner
from agent.looks.targets import Targets
from agent.sending.outbox import Outbox
from agent.sending.spool import Spool
from agent.units.finding import CollectorUnit, Units
from agent.workers.blocking import Blocking
from agent.workers.killable import Worker
from collectors.host import Host
from collectors.unit import Collector
from wire.judgement import Judgement, Layer, Reason, Verdict

KEY = ("fs.space", "fs:web1:/data")


def broken(_host):
    raise OSError(5, "Input/output error")


@pytest.fixture
def left_after_a_round(home):
    """What stands after one round that reads like this, when the agent's last life left a failure."""

    def look(read):
        declared = Collector(signals=("fs.space",), layer=Layer.HOST)
        unit = CollectorUnit(name="collectors.test", question="?", collector=declared, read=read, follow=None)
        units = Units(probes=(), collectors=(unit,), by_signal={})
        outbox = Outbox(Spool(home.spool), EdgeState(), clock=time.time, wake=lambda: None)
        failure = Judgement(signal=KEY[0], subject=KEY[1], verdict=Verdict.FAIL, reason=Reason.FULL)
        outbox.submit([Finding(judgement=failure, at=time.time() - 3600, source=unit.name)])

        async def work():
            host = Host("web1")
            runner = Runner(host, time.time, outbox.standing, Blocking(host, Worker(host)))
            rounds = Rounds(runner, outbox, Targets(Config(), "", units, {}), "web1", lambda judgement: None)
            rounds.plan()
            for slot in list(rounds._plan):
                await rounds._run_slot(slot)

        asyncio.run(work())
        standing = outbox.standing(*KEY)
        outbox.close()
        return standing

    return look


def test_what_is_mentioned_no_longer_is_retired(left_after_a_round):
    assert left_after_a_round(lambda _host: []) is None


def test_what_could_not_be_read_still_stands(left_after_a_round):
    assert left_after_a_round(broken) is not None
