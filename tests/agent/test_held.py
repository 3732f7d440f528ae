"""A quiet host is reached through one held request, by the real server; a site may turn that off."""

import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from agent.edge.state import EdgeState, Finding
from agent.enroll import enroll
from agent.home import Home
from agent.sending.outbox import Outbox
from agent.sending.spool import Spool
from agent.sending.uplink import Uplink
from wire.judgement import Judgement, Reason, Verdict


@pytest.fixture
def site(tmp_path):
    """Starts the server with a setting; gives a started uplink of an enrolled agent, and what it heard."""
    running = []

    def start(long_poll):
        folder = tmp_path / "server"
        environment = {
            **os.environ,
            "ROOTWARD_HOME": str(folder),
            "ROOTWARD_LISTEN": "127.0.0.1:0",
            "ROOTWARD_LONG_POLL": long_poll,
        }
        command = (sys.executable, "-m", "cli.main", "server")
        server = subprocess.Popen(
            (*command, "run"), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        running.append(server)
        address = folder / "address"
        until = time.monotonic() + 240
        while not (address.exists() and _open(address.read_text().strip())):
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.05)
        token = subprocess.run(
            (*command, "token", "--json"), env=environment, capture_output=True, text=True, check=True
        )
        home = Home(str(tmp_path / "agent"))
        enroll(home, server=address.read_text().strip(), token=json.loads(token.stdout)["token"], host="web1")
        heard = []
        outbox = Outbox(Spool(home.spool), EdgeState(), clock=time.time, wake=lambda: None)
        uplink = Uplink(
            outbox,
            home.credential(),
            home,
            "boot",
            on_ack=lambda ack: heard.append((threading.current_thread().name, ack)),
        )
        outbox._wake = uplink.wake
        uplink.start()
        running.append(uplink)
        return outbox, heard

    yield start
    for one in reversed(running):
        if isinstance(one, Uplink):
            one.stop("stop")
        else:
            one.terminate()
            one.wait(100)


def finding(subject):
    judgement = Judgement(signal="net.icmp", subject=subject, verdict=Verdict.PASS, reason=Reason.OK)
    return Finding(judgement=judgement, at=time.time(), source="probe", round="15s/1")


def _open(url):
    host, _, port = url.rpartition("/")[2].partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_an_idle_request_is_held_and_the_heartbeat_goes_on_beside_it(site):
    outbox, heard = site("on")
    outbox.submit([finding("address:10.9.9.9")])
    time.sleep(2.0)
    assert [name for name, _ in heard if name == "task_loop"] == []
    assert max(ack.applied for _, ack in heard) == 1


def test_a_site_that_holds_nothing_is_not_asked_again_and_again(site):
    _, heard = site("off")
    time.sleep(3.0)
    assert 1 <= len([one for one in heard if one[0] == "task_loop"]) <= 2
