"""The first pass: what may take long is looked at too, and not waited for."""

import asyncio
import os
import textwrap
import time
from pathlib import Path

from agent.config import Config
from agent.edge.state import EdgeState, Finding
from agent.looks.look import Look
from agent.looks.rounds import Rounds
from agent.looks.run import Runner
from agent.looks.schedule import slot_of
from agent.looks.targets import Targets
from agent.sending.outbox import Outbox
from agent.sending.spool import Spool
from agent.units.finding import CollectorUnit, Units
from agent.workers.blocking import Blocking
from agent.workers.several import Workers
from collectors.host import Host
from collectors.unit import Collector
from wire.judgement import Layer, passed

SLOW = '''
"""Does it answer at last?"""
import os, time
from wire.judgement import passed
def read(host):
    while not os.path.exists(host.options["mark"]):
        time.sleep(0.01)
    yield passed("test.slow", "host:web1")
'''


def unit(name, signal, layer, read=None, *, risky=False):
    declared = Collector(signals=(signal,), layer=layer, timeout=60.0, risky=risky)
    return CollectorUnit(name=name, question="?", collector=declared, read=read, follow=None)


def test_a_slow_source_holds_up_neither_the_first_pass_nor_a_later_layer(home, tmp_path, monkeypatch):
    name = f"answers_slowly_{os.getpid()}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(SLOW).lstrip())
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    slow = unit(name, "test.slow", Layer.HARDWARE, risky=True)
    later = unit("later", "test.app", Layer.APPLICATION, lambda _host: [passed("test.app", "host:web1")])
    units = Units(probes=(), collectors=(slow, later), by_signal={})
    outbox = Outbox(Spool(home.spool), EdgeState(), clock=time.time, wake=lambda: None)
    host = Host("web1", options={"mark": str(tmp_path / "mark")})

    def signals():
        return {entry.judgement.signal for entry in outbox.entries()}

    async def work():
        workers = Workers(host)
        runner = Runner(host, time.time, outbox.standing, Blocking(host, workers))
        rounds = Rounds(runner, outbox, Targets(Config(), "", units, {}), "web1", lambda judgement: None)
        rounds.plan()
        await rounds.first()
        at_first = signals(), len(outbox.rounds)
        await asyncio.to_thread((tmp_path / "mark").touch)
        await rounds._slow
        rounds.stop()
        await workers.close()
        return at_first

    assert asyncio.run(work()) == ({"test.app"}, 1)
    assert signals() == {"test.app", "test.slow"}
    outbox.close()


def test_what_may_take_long_shares_a_slot_with_nothing_else():
    risky = slot_of(Look(unit("r", "test.slow", Layer.HARDWARE, risky=True)), "web1", 15.0)
    assert risky not in {
        slot_of(Look(unit(f"u{n}", "test.app", Layer.APPLICATION)), "web1", 15.0) for n in range(99)
    }


def test_a_question_of_the_server_is_answered_whatever_the_rounds_look_at(home):
    outbox = Outbox(Spool(home.spool), EdgeState(), clock=time.time, wake=lambda: None)
    for subject, round_name, task in (("address:10.0.0.1", "15s/1", ""), ("address:10.0.0.2", "", "t1")):
        told = passed("net.route", subject)
        source = f"probes.packets.route {subject}"
        outbox.submit([Finding(judgement=told, at=1.0, source=source, round=round_name, task=task)])
    host = Host("web1")
    runner = Runner(host, time.time, outbox.standing, Blocking(host, Workers(host)))
    nothing = Units(probes=(), collectors=(), by_signal={})

    async def plan() -> None:
        rounds = Rounds(runner, outbox, Targets(Config(), "", nothing, {}), "web1", lambda _: None)
        rounds.plan()
        rounds.stop()

    asyncio.run(plan())
    assert [entry.judgement.subject for entry in outbox.entries()] == ["address:10.0.0.2"]
    outbox.close()
