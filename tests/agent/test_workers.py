"""Killable workers: what units remember outlives them, and a slow one does not delay a quick one."""

import asyncio
import os
import textwrap
import time
from pathlib import Path

import pytest

from agent.workers.several import Workers
from collectors.host import Host

COUNTS = '''
"""How often was it read?"""
import os, time
from collectors.unit import Collector
from wire.judgement import Layer, passed
COLLECTOR = Collector(signals=("test.count",), layer=Layer.HOST, risky=True)
def read(host):
    host.remembered["count"] = host.remembered.get("count", 0) + 1
    if host.options["slow"] == __name__:
        open(host.options["mark"], "w").close()
        while os.path.exists(host.options["mark"]):
            time.sleep(0.01)
    yield passed("test.count", f"process:web1/{os.getpid()}", host.remembered["count"])
'''


@pytest.fixture
def counting(tmp_path, monkeypatch):
    """Two modules of that text, and a host."""
    names = [f"counts_{word}_{os.getpid()}" for word in ("slowly", "quickly")]
    for name in names:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(COUNTS).lstrip())
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    return *names, Host("web1", options={"slow": names[0], "mark": str(tmp_path / "mark")})


def wait_for(mark):
    while not mark.exists():
        time.sleep(0.01)


def test_what_a_unit_remembers_outlives_the_process_that_ran_it(counting):
    _, quick, host = counting

    async def twice():
        values = []
        for _ in range(2):
            workers = Workers(host)
            values += [one.value for one in await workers.read(quick, 100.0)]
            await workers.close()
        return values

    assert asyncio.run(twice()) == [1, 2]
    assert host.remembered == {"count": 2}


def test_a_slow_source_does_not_delay_one_that_answers_at_once(counting):
    slow, quick, host = counting
    mark = Path(host.options["mark"])

    async def both():
        workers = Workers(host)
        waiting = asyncio.create_task(workers.read(slow, 200.0))
        await asyncio.to_thread(wait_for, mark)
        (first,) = await workers.read(quick, 100.0)
        still = not waiting.done()
        await asyncio.to_thread(mark.unlink)
        (second,) = await waiting
        (third,) = await workers.read(quick, 100.0)
        await workers.close()
        return still, len({first.subject, second.subject, third.subject})

    assert asyncio.run(both()) == (True, 2)
