"""What cannot even be killed costs one process, is named, and delays nothing else."""

import asyncio
import contextlib
import os
import sys
import textwrap
import time
from pathlib import Path

import pytest

from agent.workers.killable import Overrun, Worker
from collectors.host import Host
from collectors.storage import file_systems
from tests.collectors.conftest import about
from tests.collectors.swallowing import Swallowing
from wire.judgement import Reason

pytestmark = pytest.mark.root

READS = '''
"""Does this mount answer?"""
import os
from collectors.unit import Collector
from wire import entity
from wire.judgement import Layer, passed
COLLECTOR = Collector(signals=("fs.test",), layer=Layer.HOST, timeout=0.5, risky=True)
def read(host):
    subject = entity.mount(host.name, host.options["point"])
    if host.touch(subject):
        os.statvfs(host.options["point"])
        yield passed("fs.test", subject)
'''


@pytest.fixture
def swallowing(tmp_path):
    made = []

    def make(name="swallowing"):
        made.append(Swallowing(tmp_path / name))
        return made[-1]

    yield make
    for mount in made:
        mount.close()
        wait_until(lambda mount=mount: not in_it(mount.point))
    Host("box").run(["true"])  # which takes note of those that could end at last


def in_it(point):
    """Pids of our children that wait for the mount."""
    found, children = [], []
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread or a child that has ended meanwhile
            children += (thread / "children").read_text().split()
    for pid in children:
        with contextlib.suppress(OSError):
            if os.fsencode(point) in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(int(pid))
    return found


def wait_until(condition):
    for _ in range(12_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to pass")


def test_a_command_that_cannot_be_killed_is_not_started_again_until_it_has_ended(host, swallowing):
    mount = swallowing()
    argv = ["stat", "-f", "--", mount.point]
    first, second = host.run(argv, timeout=3.0), host.run(argv, timeout=3.0)
    assert (first.late, first.stuck, second.late, second.stuck) == (True, True, True, True)
    assert len(in_it(mount.point)) == 1
    mount.close()
    wait_until(lambda: not host.run(argv, timeout=60.0).stuck)


def test_several_hung_mounts_are_all_named_and_wait_together(host, swallowing):
    mounts = [swallowing(f"away{number}") for number in range(4)]
    for _ in range(2):
        told = list(file_systems.read(host))
        assert {about(told, "fs.mount", mount.point).reason for mount in mounts} == {Reason.HUNG}
    assert [len(in_it(mount.point)) for mount in mounts] == [1, 1, 1, 1]


def test_a_worker_that_cannot_be_killed_is_one_and_another_takes_its_place(swallowing, tmp_path, monkeypatch):
    name = f"reads_one_mount_{os.getpid()}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(READS).lstrip())
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    mount = swallowing()
    later = [0.0]
    worker = Worker(Host("web1", options={"point": mount.point}), ticks=lambda: later[0])

    async def read_often():
        with pytest.raises(Overrun) as first:
            await worker.read(name, 3.0)
        later[0] = 10_000.0
        told = await worker.read(name, 60.0)
        alive = worker.pid
        await worker.close()
        mount.close()
        await asyncio.gather(*(one.stuck.wait() for one in worker._hung.values()))
        return first.value.so_far, told, alive

    so_far, told, alive = asyncio.run(read_often())
    assert [(one.subject, one.reason) for one in (*so_far, *told)] == [
        (f"mount:web1:{mount.point}", Reason.HUNG)
    ] * 2
    assert alive
    assert worker.killed == 1


def test_a_tool_that_ignores_the_wish_to_end_and_floods_is_cut(host):
    flood = "import signal, os; signal.signal(15, signal.SIG_IGN)\nwhile True: os.write(1, b'x' * 65536)"
    done = host.run([sys.executable, "-c", flood], timeout=100.0, limit=100_000)
    assert (done.cut, done.late, len(done.out)) == (True, False, 100_000)


def test_what_a_tool_said_counts_though_a_child_of_it_keeps_the_pipe_open(host, tmp_path):
    note = tmp_path / "pid"
    done = host.run(["sh", "-c", f"sleep 600 & echo $! > {note}; echo said"], timeout=100.0)
    assert (done.ok, done.out) == (True, b"said\n")
    child = Path(f"/proc/{int(note.read_text())}/status")
    wait_until(lambda: not child.exists() or "State:\tZ" in child.read_text())


def test_a_tool_that_closes_its_pipes_and_goes_on_is_ended(host):
    done = host.run(["sh", "-c", "exec sleep 600 >&- 2>&-"], timeout=100.0)
    assert not done.ok
