"""A read that hangs costs the worker process, is named, and delays nothing else."""

import asyncio
import ctypes
import os
import signal
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from agent.looks.look import Look
from agent.looks.run import Runner
from agent.units.finding import CollectorUnit
from agent.workers.blocking import Blocking, in_thread
from agent.workers.killable import Worker
from collectors.host import Host
from collectors.unit import Collector
from wire.judgement import Layer, Reason, Verdict, passed

MOUNTS = '''
"""Do these mounts answer?"""
import os
from collectors.unit import Collector
from wire import entity
from wire.judgement import Layer, passed
COLLECTOR = Collector(signals=("fs.test",), layer=Layer.HOST, timeout=0.5, risky=True)
def read(host):
    for point in host.options["points"].split(":"):
        subject = entity.mount(host.name, point)
        if host.touch(subject):
            os.statvfs(point)
            yield passed("fs.test", subject)
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of a collector module that the worker can import too."""
    name = f"reads_mounts_{os.getpid()}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(MOUNTS).lstrip())
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    yield name
    sys.modules.pop(name, None)


@pytest.fixture
def silent_mount(tmp_path):
    """A FUSE file system whose server never answers: the kernel itself makes statvfs hang."""
    if os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("a FUSE mount needs root and /dev/fuse")
    point = tmp_path / "silent"
    point.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    server = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"rootward-test", str(point).encode(), b"fuse", 0, options) != 0:
        os.close(server)
        pytest.skip(f"no FUSE mount here: {os.strerror(ctypes.get_errno())}")
    try:
        yield str(point)
    finally:
        os.close(server)
        libc.umount2(str(point).encode(), 2)


def unit(name, read=None, *, risky=True, timeout=2.0, layer=Layer.HOST):
    declared = Collector(signals=("fs.test",), layer=layer, timeout=timeout, risky=risky)
    return CollectorUnit(
        name=name, question="?", collector=declared, read=read or (lambda host: ()), follow=None
    )


def runner(host):
    worker = Worker(host)
    return Runner(host, time.time, lambda signal, subject: None, Blocking(host, worker)), worker


def by_subject(findings):
    return {(one.judgement.signal, one.judgement.subject): one.judgement for one in findings}


def test_a_hung_mount_is_named_and_the_others_are_read_next_time(module, silent_mount, tmp_path):
    host = Host("web1", options={"points": f"/:{silent_mount}:{tmp_path}"})

    async def twice():
        run, worker = runner(host)
        first = await run.run([Look(unit(module))])
        second = await run.run([Look(unit(module))])
        await worker.close()
        return by_subject(first), by_subject(second), worker.killed

    first, second, killed = asyncio.run(twice())
    hung = first[("fs.mount", f"mount:web1:{silent_mount}")]
    assert (hung.verdict, hung.reason) == (Verdict.FAIL, Reason.HUNG)
    assert first[("fs.test", "mount:web1:/")].verdict is Verdict.PASS
    assert second[("fs.test", f"mount:web1:{tmp_path}")].verdict is Verdict.PASS
    assert second[("fs.mount", f"mount:web1:{silent_mount}")].reason is Reason.HUNG
    assert killed >= 1


def test_other_collectors_do_not_wait_for_a_hung_one(module, silent_mount):
    host = Host("web1", options={"points": silent_mount})
    order = []

    def quick(_host):
        order.append("quick")
        return [passed("fs.quick", "host:web1")]

    async def both():
        run, worker = runner(host)

        async def slow():
            await run.run([Look(unit(module, timeout=2.0))])
            order.append("hung")

        await asyncio.gather(slow(), run.run([Look(unit("quick", quick, risky=False))]))
        await worker.close()

    asyncio.run(both())
    assert order == ["quick", "hung"]


def test_a_worker_that_was_killed_from_outside_is_started_again(module, tmp_path):
    host = Host("web1", options={"points": str(tmp_path)})

    async def around_a_kill():
        run, worker = runner(host)
        await run.run([Look(unit(module, timeout=60.0))])
        os.kill(worker.pid, signal.SIGKILL)
        between = await run.run([Look(unit(module, timeout=60.0))])
        after = await run.run([Look(unit(module, timeout=60.0))])
        await worker.close()
        return between, after

    between, after = asyncio.run(around_a_kill())
    assert between[0].judgement.verdict in {Verdict.UNKNOWN, Verdict.PASS}
    assert after[0].judgement.verdict is Verdict.PASS


def test_a_unit_that_hangs_in_a_thread_is_unknown_and_moves_to_the_worker(module, tmp_path):
    host = Host("web1", options={"points": str(tmp_path)})
    over = threading.Event()
    never = unit(module, lambda _host: over.wait(60) and (), risky=False)

    async def twice():
        run, worker = runner(host)
        first = await run.run([Look(never)])
        second = await run.run([Look(never)])
        over.set()
        await worker.close()
        return first, second

    first, second = asyncio.run(twice())
    assert (first[0].judgement.verdict, first[0].judgement.reason) == (Verdict.UNKNOWN, Reason.DEADLINE)
    assert second[0].judgement.verdict is Verdict.PASS


def test_a_unit_is_loaded_before_its_time_is_counted(tmp_path, monkeypatch):
    name = f"loaded_first_{os.getpid()}"
    (tmp_path / f"{name}.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    loaded = []
    host = Host("web1")
    one = unit(name, lambda _host: loaded.append(name in sys.modules) or (), risky=False, timeout=100.0)
    assert asyncio.run(Blocking(host, Worker(host)).read(one)) == []
    assert loaded == [True]


def test_a_unit_that_raises_is_unknown_and_says_why():
    host = Host("web1")

    def broken(_host):
        raise ValueError("bad /proc line")

    async def once():
        run, _ = runner(host)
        return await run.run([Look(unit("broken", broken, risky=False))])

    (finding,) = asyncio.run(once())
    assert finding.judgement.reason is Reason.INTERNAL
    assert "bad /proc line" in finding.judgement.evidence["error"]


def test_applications_that_let_us_wait_delay_no_look_at_the_host():
    host = Host("web1")
    blocking, answered = Blocking(host, Worker(host)), threading.Event()

    async def work():
        def wait(_host):
            answered.wait(100)
            return ()

        names = [f"application_{number}" for number in range(8)]
        asked = [unit(name, wait, risky=False, timeout=200, layer=Layer.APPLICATION) for name in names]
        waiting = [asyncio.create_task(blocking.read(one)) for one in asked]
        await asyncio.sleep(0.1)
        read = await blocking.read(unit("host", lambda _: [passed("fs.test", "host:web1")], risky=False))
        still = [task for task in waiting if not task.done()]
        answered.set()
        await asyncio.gather(*waiting)
        return read, still

    read, still = asyncio.run(work())
    assert read
    assert len(still) == 8


def test_a_thread_is_kept_for_the_next_read():
    async def work():
        return {await in_thread(f"read {number}", threading.get_ident) for number in range(20)}

    assert len(asyncio.run(work())) < 5
