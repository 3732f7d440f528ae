"""The true agent against the true server: kill -9 at random moments, an outage, and a clean stop."""

import contextlib
import gzip
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from agent.sending.segment import unpack
from tests.conftest import lend
from wire.codec import decode
from wire.exchange import Batch

READY = 240
pytestmark = pytest.mark.timeout(1200)


class Site:
    """One server and one agent, each a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.server_home = folder / "server"
        self.agent_home = folder / "agent"
        self.config = folder / "agent.toml"
        self.server = self.agent = None
        self.listen = "127.0.0.1:0"
        self.doors = [Door() for _ in range(4)]
        targets = "".join(
            f'[[target]]\nkind = "tcp"\nhost = "127.0.0.1"\nport = {door.port}\n' for door in self.doors
        )
        self.config.write_text(
            f'host = "web1"\nhome = "{self.agent_home}"\nmetrics = ""\ninterval = 1\n'
            f'[logs]\nkernel = ""\njournal = false\n{targets}'
        )

    def command(self, *words, **more):
        environment = {
            **os.environ,
            "ROOTWARD_HOME": str(self.server_home),
            "ROOTWARD_LISTEN": self.listen,
        }
        output = (self.folder / "output").open("ab")
        with output:
            return subprocess.Popen(
                [sys.executable, "-m", "cli.main", *words], env=environment, stderr=output, **more
            )

    def start_server(self):
        address = self.server_home / "address"
        address.unlink(missing_ok=True)
        self.server_home.mkdir(exist_ok=True)
        self.server = self.command("server", "run", stdout=subprocess.DEVNULL)
        self.url = wait_for(lambda: address.exists() and address.read_text().strip())
        self.listen = self.url.removeprefix("http://")
        wait_for(lambda: can_connect(self.listen))

    def enroll(self):
        asked = self.command("server", "token", "--json", stdout=subprocess.PIPE)
        token = json.loads(asked.communicate()[0])["token"]
        words = ("--server", self.url, "--token", token, "--config", str(self.config))
        assert self.command("agent", "enroll", *words, stdout=subprocess.DEVNULL).wait() == 0

    def start_agent(self):
        self.agent = self.command("agent", "run", "--config", str(self.config), stdout=subprocess.DEVNULL)

    def waiting(self):
        """Sequences that are on the agent's disk now."""
        found = set()
        for segment in sorted((self.agent_home / "spool").glob("*.seg")):
            found |= {record.observation.seq for record in unpack(segment.read_bytes())}
        return found

    def told(self):
        """The highest sequence that is on the agent's disk or in the server's log."""
        return max([0, *self.waiting(), *(one.seq for one in self.received())])

    def received(self):
        """Observations as the server has them in its log, in order, each batch as it came."""
        with contextlib.closing(sqlite3.connect(self.server_home / "rootward.db", timeout=100)) as database:
            rows = database.execute("SELECT body FROM batch_log ORDER BY id").fetchall()
        return [one for (body,) in rows for one in decode(plain(body), Batch).observations]

    def close(self):
        for process in (self.agent, self.server):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        for door in self.doors:
            door.close()


def plain(body):
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


class Door:
    """A port that opens and closes."""

    def __init__(self):
        self._socket = None
        self.port = 0
        self.open()

    def open(self):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", self.port))
        self._socket.listen(64)
        self.port = self._socket.getsockname()[1]

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def toggle(self):
        if self._socket is None:
            try:
                self.open()
            except OSError:  # somebody else was given the port meanwhile
                self.close()
        else:
            self.close()


def wait_for(condition, seconds=READY):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def can_connect(address):
    host, _, port = address.rpartition(":")
    with contextlib.suppress(OSError):
        socket.create_connection((host, int(port)), 1).close()
        return True
    return False


@pytest.fixture
def site(tmp_path: Path, compiled: Path):
    made = Site(tmp_path)
    try:
        made.start_server()
        made.enroll()
        lend(compiled, made.agent_home)
        made.start_agent()
        wait_for(made.received)
        made.agent.kill()
        made.agent.wait()
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def toggling(doors, seed):
    """Ports open and close all the while."""
    chance, stop = random.Random(seed), threading.Event()

    def work():
        while not stop.wait(0.15):
            chance.choice(doors).toggle()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def applied_once(site):
    """What the server applied: the agent's numbers only rise."""
    mark, applied = 0, []
    for one in site.received():
        if one.seq > mark:
            mark = one.seq
            applied.append(one)
    return applied


def verdicts_of_ports(observations):
    return {one.verdict for one in observations if one.signal == "net.tcp"}


def test_kill_9_of_the_agent_at_random_moments_loses_and_repeats_nothing(site):
    chance = random.Random(8)
    on_disk = set()
    for turn in range(4):
        if turn == 2:
            site.server.kill()
            site.server.wait()
        with toggling(site.doors, turn):
            before = site.told()
            site.start_agent()
            wait_for(lambda before=before: site.told() > before)
            time.sleep(chance.uniform(0.0, 2.5))
            site.agent.kill()
            site.agent.wait()
        on_disk |= site.waiting()
    site.start_server()
    site.start_agent()
    highest = max(on_disk)
    with toggling(site.doors, 9):
        wait_for(lambda: any(one.seq > highest for one in applied_once(site)))
        wait_for(lambda: verdicts_of_ports(applied_once(site)) >= {"pass", "fail"})
    applied = applied_once(site)
    assert on_disk <= {one.seq for one in applied}
    site.agent.send_signal(signal.SIGTERM)
    assert site.agent.wait(100) == 0
    content = {}
    for one in site.received():
        assert content.setdefault(one.seq, one) == one


@pytest.mark.parametrize("seconds", [60, pytest.param(600, marks=pytest.mark.soak)])
def test_an_outage_of_the_server_is_drained_in_order(site, seconds):
    site.start_agent()
    wait_for(site.received)
    site.server.kill()
    site.server.wait()
    with toggling(site.doors, 5):
        time.sleep(seconds)
        kept = wait_for(site.waiting)
        site.start_server()
        wait_for(lambda: kept <= {one.seq for one in applied_once(site)}, 400)
    sequences = [one.seq for one in site.received()]
    assert sequences == sorted(sequences)
    for door in site.doors:
        subject = f"endpoint:tcp://127.0.0.1:{door.port}"
        times = [one.at for one in applied_once(site) if one.subject == subject]
        assert times == sorted(times)
