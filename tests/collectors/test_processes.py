"""Processes that run out of files, leave children unreaped, or hang."""

from __future__ import annotations

import json
import resource

import pytest

from collectors.host import Host
from collectors.process_table import processes
from collectors.services.listening import all_services
from collectors.system import cpu_top, file_descriptors, process_states
from collectors.system.file_descriptors import EACH_TIME
from tests.collectors.conftest import about
from wire.judgement import Judgement, Reason

FDS, ZOMBIES, STATE, PIDS = "process.fds", "process.zombies", "process.state", "host.pids"
HOARDER = """
import os, sys
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
print("ready", flush=True)
sys.stdin.readline()
for descriptor in held:
    os.close(descriptor)
print("closed", flush=True)
sys.stdin.read()
"""
PARENT = """
import os, sys
children = [os.fork() or os._exit(0) for _ in range(30)]
for pid in children:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print("ready", flush=True)
sys.stdin.read()
"""
BUSY = """
print("ready", flush=True)
while True:
    pass
"""


def _few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _all_in_turn(host: Host) -> list[Judgement]:
    """Where there are many processes one look takes only a share of them."""
    looks = [list(file_descriptors.read(host)) for _ in range(2 + len(processes(host)) // EACH_TIME)]
    return list({(one.signal, one.subject): one for look in looks for one in look}.values())


def test_a_process_at_its_limit_of_open_files_is_exhausted_and_named(start, tmp_path, host):
    child = start(tmp_path / "hoarder.py", HOARDER, preexec_fn=_few_files)
    verdict = about(_all_in_turn(host), FDS, "/hoarder")
    assert (verdict.reason, verdict.evidence["pid"]) == (Reason.EXHAUSTED, child.pid)
    assert verdict.evidence["limit"] == 64


def test_a_process_that_closed_its_files_again_passes(start, tmp_path, host):
    child = start(tmp_path / "hoarder.py", HOARDER, preexec_fn=_few_files)
    _all_in_turn(host)
    child.stdin.write(b"\n")
    child.stdin.flush()
    child.stdout.readline()
    assert about(file_descriptors.read(host), FDS, "/hoarder").reason is Reason.OK


LISTENER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 18461))
print("ready", flush=True)
sys.stdin.read()
"""


def test_of_a_service_it_is_told_also_that_it_has_files_left(start, tmp_path, host):
    start(tmp_path / "doorkeeper.py", LISTENER)
    all_services(host.for_unit())
    assert about(_all_in_turn(host.for_unit()), FDS, "/doorkeeper").reason is Reason.OK


@pytest.mark.parametrize("lowered", [4, 0])
def test_a_service_whose_limit_was_lowered_beneath_what_it_holds_is_exhausted(start, tmp_path, host, lowered):
    child = start(tmp_path / "doorkeeper.py", LISTENER)
    all_services(host.for_unit())
    unit = host.for_unit()
    assert about(_all_in_turn(unit), FDS, "/doorkeeper").reason is Reason.OK
    _, hard = resource.prlimit(child.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (lowered, hard))
    verdict = about(_all_in_turn(unit), FDS, "/doorkeeper")
    assert (verdict.reason, verdict.evidence["limit"]) == (Reason.EXHAUSTED, lowered)


def test_a_process_far_from_its_limit_is_silent(start, tmp_path, host):
    start(tmp_path / "quiet.py", BUSY)
    assert not [one for one in _all_in_turn(host) if one.subject.endswith("/quiet")]


def test_the_files_of_the_machine_are_judged_by_its_limit(tree):
    tree.write("/proc/sys/fs/file-nr", "9900\t0\t10000\n")
    assert about(file_descriptors.read(tree.host()), "host.fds").reason is Reason.EXHAUSTED


def test_a_parent_that_reaps_nobody_is_named(start, tmp_path):
    now = [0.0]
    host = Host("box", ticks=lambda: now[0])
    start(tmp_path / "careless.py", PARENT)
    list(process_states.read(host))
    now[0] += 10
    verdict = about(process_states.read(host), ZOMBIES, "/careless")
    assert (verdict.reason, verdict.value) == (Reason.HIGH, 30)


def _stat(state: str, ticks: int) -> str:
    return f"77 (backup) {state} 1 77 77 0 -1 4194560 0 0 0 0 {ticks} 0 0 0 20 0 1 0 500 0 0\n"


@pytest.mark.parametrize(
    ("later", "reason"), [(_stat("D", 5), Reason.HUNG), (_stat("D", 6), None), (_stat("S", 5), None)]
)
def test_a_process_hangs_when_it_sleeps_on_without_a_moments_run(tree, later, reason):
    tree.write("/proc/loadavg", "0.1 0.2 0.3 1/100 3\n")
    tree.write("/proc/sys/kernel/pid_max", "32768\n")
    tree.write("/proc/77/cmdline", "backup\0")
    tree.write("/proc/77/wchan", "rpc_wait_bit_killable")
    tree.write("/proc/77/stat", _stat("D", 5))
    host = tree.host()
    list(process_states.read(host))
    tree.clock.pass_by(31)
    tree.write("/proc/77/stat", later)
    found = [one for one in process_states.read(host) if one.signal == STATE]
    assert [one.reason for one in found] == ([reason] if reason else [])


def test_a_cure_while_the_agent_was_away_is_told(tree):
    tree.write("/proc/loadavg", "0.1 0.2 0.3 1/100 3\n")
    tree.write("/proc/sys/kernel/pid_max", "32768\n")
    tree.write("/proc/77/cmdline", "backup\0")
    tree.write("/proc/77/stat", _stat("D", 5))
    before = tree.host()
    list(process_states.read(before))
    tree.clock.pass_by(31)
    assert about(process_states.read(before), STATE).reason is Reason.HUNG
    tree.write("/proc/77/stat", _stat("S", 6))
    after = tree.host()
    after.remembered.update(json.loads(json.dumps(dict(before.remembered))))
    assert about(process_states.read(after), STATE).reason is Reason.OK


@pytest.mark.parametrize(("tasks", "reason"), [(100, Reason.OK), (900, Reason.HIGH), (990, Reason.EXHAUSTED)])
def test_the_nearest_limit_of_processes_counts(tree, tasks, reason):
    tree.write("/proc/loadavg", f"0.1 0.2 0.3 1/{tasks} 3\n")
    tree.write("/proc/sys/kernel/pid_max", "4194304\n")
    tree.write("/proc/sys/kernel/threads-max", "1000\n")
    assert about(process_states.read(tree.host()), PIDS).reason is reason


@pytest.mark.parametrize("place", ["pids/box", "pids", ""])
def test_a_limit_of_the_group_counts_too(tree, place):
    tree.write("/proc/loadavg", "0.1 0.2 0.3 1/60 3\n")
    tree.write("/proc/sys/kernel/pid_max", "4194304\n")
    tree.write(f"/sys/fs/cgroup/{place}/pids.current", "50\n")
    tree.write(f"/sys/fs/cgroup/{place}/pids.max", "50\n")
    host = tree.host(**({"cgroup_pids": "/sys/fs/cgroup/pids/box"} if "box" in place else {}))
    assert about(process_states.read(host), PIDS).reason is Reason.EXHAUSTED


def test_a_busy_process_is_named_with_the_processors_it_uses(start, tmp_path, host):
    start(tmp_path / "miner.py", BUSY)
    verdict = about(cpu_top.read(host), "cpu.top")
    assert verdict.value > 0
    assert str(verdict.evidence["process_1"]).endswith("CPUs")


def test_a_name_with_parentheses_and_spaces_is_read_as_it_is(tree):
    tree.write("/proc/77/stat", _stat("S", 5).replace("(backup)", "(a) S 1 (b)"))
    assert processes(tree.host())[77].name == "a) S 1 (b"
