"""Services: real servers that are stopped, killed, restarted and left unanswered."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time

import pytest

from collectors.host import Host
from collectors.process_table import process
from collectors.services import running as services
from collectors.services.listening import Door, Service
from collectors.services.service_verdicts import judge
from collectors.services.service_watch import MEANT_SO_SECONDS, ServiceWatch
from tests.collectors.conftest import about
from wire.judgement import Judgement, Reason, Verdict

SERVER = """
import socket, sys, time
door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    if "deaf" in sys.argv:
        time.sleep(60)
    door.accept()[0].close()
"""
PROCESS, PORT = "svc.process", "svc.port"


@pytest.fixture
def port() -> int:
    """A free one below those that the kernel gives away."""
    for number in range(20_000, 30_000):
        with socket.socket() as door:
            try:
                door.bind(("127.0.0.1", number))
            except OSError:
                continue
            return number
    raise AssertionError("no free port")


def _known(host: Host, name: str, port: int, command: str = "") -> Host:
    """A service that an earlier life of the agent had taken for one."""
    host.remembered["services"] = {
        name: {"process": "python", "command": command, "doors": [["tcp", port]], "seen": time.time()}
    }
    return host


def _service(**fields: object) -> Service:
    plain = {
        "name": "web",
        "unit": "",
        "command": "",
        "process": "web",
        "pid": os.getpid(),
        "pids": (os.getpid(),),
        "age": 0.0,
        "daemon": False,
        "hidden": False,
        "doors": (Door("tcp", 8080, ("0.0.0.0",), 0),),
    }
    return Service(**{**plain, **fields})  # type: ignore[arg-type]


def test_a_server_that_has_listened_for_half_a_minute_is_watched(host):
    watch = ServiceWatch(host)
    watch.learn([_service(age=31.0)])
    assert "web" in watch.watched


def test_a_server_of_five_seconds_was_somebodys_try(host):
    watch = ServiceWatch(host)
    watch.learn([_service(age=5.0)])
    watch.learn([])
    assert watch.watched == {}


def test_a_service_of_systemd_is_watched_at_once(host):
    watch = ServiceWatch(host)
    watch.learn([_service(age=0.1, unit="nginx.service", name="nginx")])
    assert "nginx" in watch.watched


def test_a_known_service_that_runs_and_listens_passes(start, tmp_path, port):
    start(tmp_path / "shop.py", SERVER, str(port))
    judgements = list(services.read(_known(Host("box"), "shop", port)))
    assert about(judgements, PROCESS, "/shop").reason is Reason.OK
    assert about(judgements, PORT, "/shop").reason is Reason.OK


def test_a_killed_service_is_stopped_and_its_port_refused(start, tmp_path, port):
    server = start(tmp_path / "shop.py", SERVER, str(port))
    host = _known(Host("box"), "shop", port)
    list(services.read(host))
    server.kill()
    server.wait()
    judgements = list(services.read(host))
    assert about(judgements, PROCESS, "/shop").reason is Reason.STOPPED
    assert about(judgements, PORT, "/shop").reason is Reason.REFUSED


def test_a_service_that_died_while_the_agent_was_down_is_stopped(port):
    judgements = list(services.read(_known(Host("box"), "shop", port)))
    assert about(judgements, PROCESS, "/shop").reason is Reason.STOPPED


def test_services_that_end_while_the_machine_shuts_down_are_no_fault(tree):
    tree.write("/run/nologin", "System is going down.")
    tree.write("/proc/uptime", "5000.0 1.0")
    tree.write("/proc/net/tcp", "  sl  local_address rem_address\n")
    found = list(services.read(_known(tree.host(), "shop", 8080)))
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}


LOCK = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def packages(tree, start):
    """Works on packages as dpkg does, until it is killed: with the lock that the real kernel shows."""
    tree.write("/var/lib/dpkg/lock-frontend", "")
    tree.write("/proc/uptime", "5000.0 1.0")
    tree.write("/proc/net/tcp", "  sl  local_address rem_address\n")
    (tree.root / "proc/locks").symlink_to("/proc/locks")
    lock = str(tree.root / "var/lib/dpkg/lock-frontend")
    return lambda: start(tree.root / "work.py", LOCK, lock)


def _reasons(host):
    return {one.signal: one.reason for one in services.read(host)}


def test_a_service_that_ends_while_packages_are_changed_is_waited_for(tree, packages):
    packages()
    assert set(_reasons(_known(tree.host(), "shop", 8080)).values()) == {Reason.CHANGING}


def test_a_lock_that_nobody_holds_explains_nothing(tree, packages):
    assert _reasons(_known(tree.host(), "shop", 8080))[PROCESS] is Reason.STOPPED


def test_a_service_that_does_not_come_back_after_the_packages_were_changed_is_stopped(tree, packages):
    now = [1000.0]
    host = Host("box", str(tree.root), ticks=lambda: now[0])
    work = packages()
    _known(host, "shop", 8080)
    assert _reasons(host)[PROCESS] is Reason.CHANGING
    work.kill()
    work.wait()
    now[0] += 9.0
    assert _reasons(host)[PROCESS] is Reason.CHANGING
    now[0] += 2.0
    assert _reasons(host)[PROCESS] is Reason.STOPPED


def test_packages_that_are_changed_for_ever_hide_nothing(tree, packages):
    now = [1000.0]
    host = Host("box", str(tree.root), ticks=lambda: now[0])
    packages()
    _known(host, "shop", 8080)
    assert _reasons(host)[PROCESS] is Reason.CHANGING
    now[0] += 301.0
    assert _reasons(host)[PROCESS] is Reason.STOPPED


def test_services_not_yet_started_soon_after_boot_are_no_fault(tree):
    tree.write("/proc/uptime", "20.0 1.0")
    tree.write("/proc/net/tcp", "  sl  local_address rem_address\n")
    found = list(services.read(_known(tree.host(), "shop", 8080)))
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}


def test_a_service_stopped_by_a_signal_hangs(start, tmp_path, port):
    server = start(tmp_path / "shop.py", SERVER, str(port))
    host = _known(Host("box"), "shop", port)
    os.kill(server.pid, signal.SIGSTOP)
    os.waitpid(server.pid, os.WUNTRACED)
    verdict = about(services.read(host), PROCESS, "/shop")
    assert (verdict.reason, verdict.evidence["stopped_pid"]) == (Reason.HUNG, server.pid)


def test_connections_that_nobody_accepts_mean_a_hung_port(start, tmp_path, port):
    start(tmp_path / "shop.py", SERVER, str(port), "deaf")
    now = [0.0]
    host = _known(Host("box", ticks=lambda: now[0]), "shop", port)
    with socket.create_connection(("127.0.0.1", port)):
        list(services.read(host))
        now[0] += 6.0
        assert about(services.read(host), PORT, "/shop").reason is Reason.HUNG


def test_three_restarts_in_two_minutes_are_a_loop(start, tmp_path, port):
    host = _known(Host("box"), "shop", port)
    for _ in range(4):
        server = start(tmp_path / "shop.py", SERVER, str(port))
        verdict = about(services.read(host), PROCESS, "/shop")
        server.kill()
        server.wait()
    assert verdict.reason is Reason.RESTARTING


def test_one_restart_on_purpose_is_no_fault(start, tmp_path, port):
    host = _known(Host("box"), "shop", port)
    first = start(tmp_path / "shop.py", SERVER, str(port))
    list(services.read(host))
    first.kill()
    first.wait()
    start(tmp_path / "shop.py", SERVER, str(port))
    judgements = list(services.read(host))
    assert about(judgements, PROCESS, "/shop").reason is Reason.OK
    assert about(judgements, PORT, "/shop").reason is Reason.OK


def test_a_process_that_runs_but_does_not_listen_has_only_its_port_refused(start, tmp_path, port):
    script = tmp_path / "shop.py"
    child = start(script, "import time; print('ready', flush=True); time.sleep(60)")
    words = " ".join([*child.args])  # type: ignore[misc]
    runs = process(Host("box"), child.pid)
    assert runs is not None
    host = _known(Host("box"), "shop", port, words)
    host.remembered["services"]["shop"]["process"] = runs.name
    judgements = list(services.read(host))
    assert about(judgements, PROCESS, "/shop").reason is Reason.OK
    assert about(judgements, PORT, "/shop").reason is Reason.REFUSED


def test_a_forked_worker_belongs_to_the_service_of_its_parent(start, tmp_path, port):
    text = SERVER.replace('print("ready"', 'import os; os.fork() or time.sleep(60)\nprint("ready"')
    server = start(tmp_path / "shop.py", text, str(port))
    host = _known(Host("box"), "shop", port)
    assert about(services.read(host), PROCESS, "/shop").evidence["pid"] == server.pid
    for pid in services._state(host).watch.watched["shop"].pids:
        if pid != server.pid:
            os.kill(pid, signal.SIGKILL)


def test_the_end_of_a_service_is_told_without_being_asked(start, tmp_path, port):
    server = start(tmp_path / "shop.py", SERVER, str(port))
    host = _known(Host("box"), "shop", port)
    list(services.read(host))

    async def told() -> list[Judgement]:
        found: list[Judgement] = []
        asyncio.get_running_loop().call_later(0.2, server.kill)
        async with asyncio.timeout(100):
            async for judgement in services.follow(host):
                if judgement.subject.endswith("/shop"):
                    found.append(judgement)
                if len(found) == 2:
                    break
        return found

    judgements = asyncio.run(told())
    assert {one.reason for one in judgements} == {Reason.STOPPED, Reason.REFUSED}


def test_two_servers_of_one_name_are_two_services(start, tmp_path, port):
    for number in (port, port + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        start(folder / "shop.py", SERVER, str(number))
    from collectors.services.listening import listening_sockets
    from collectors.services.listening import services as found

    host = Host("box")
    names = sorted(one.name for one in found(host, listening_sockets(host)) if one.name.startswith("shop"))
    assert names == ["shop", f"shop-{port + 1}"]


def _listens(watch: ServiceWatch, host: Host, *addresses: str) -> Judgement:
    watch.learn([_service(unit="web.service", doors=(Door("tcp", 8080, addresses, 0),))])
    return about(judge(host, watch), PORT, "/web")


def test_a_service_that_lets_in_only_its_own_machine_any_more_listens_wrongly():
    host = Host("box")
    watch = ServiceWatch(host)
    assert _listens(watch, host, "0.0.0.0", "::").reason is Reason.OK
    narrowed = _listens(watch, host, "127.0.0.1", "::1")
    assert (narrowed.reason, narrowed.evidence["listens_on"]) == (Reason.WRONG, "127.0.0.1, ::1")
    assert _listens(watch, host, "10.0.0.7").reason is Reason.OK


def test_a_service_that_never_let_in_others_is_meant_so():
    host = Host("box")
    watch = ServiceWatch(host)
    assert [_listens(watch, host, "127.0.0.1").reason for _ in range(2)] == [Reason.OK] * 2


def test_what_lets_in_only_its_own_machine_for_an_hour_is_meant_so():
    now = [0.0]
    host = Host("box", ticks=lambda: now[0])
    watch = ServiceWatch(host)
    _listens(watch, host, "0.0.0.0")
    assert _listens(watch, host, "127.0.0.1").reason is Reason.WRONG
    now[0] += MEANT_SO_SECONDS + 1.0
    assert [_listens(watch, host, "127.0.0.1").reason for _ in range(2)] == [Reason.OK] * 2


def test_who_could_reach_a_service_is_remembered_over_a_restart_of_the_agent():
    host = Host("box")
    _listens(ServiceWatch(host), host, "0.0.0.0")
    again = Host("box", remembered=host.remembered)
    assert _listens(ServiceWatch(again), again, "127.0.0.1").reason is Reason.WRONG
