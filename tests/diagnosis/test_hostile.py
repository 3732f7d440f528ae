"""What a hostile agent may say without harm."""

from __future__ import annotations

import pytest

from rules.topology import Topology
from server.diagnosis.overrun import Overrun
from server.diagnosis.targets import target_for
from server.entry import Entry
from wire.judgement import Path, Reason, Verdict
from wire.observation import Observation

HOSTILE = [
    "endpoint:http://[",
    "endpoint:http://a:99999999",
    "endpoint:http://" + "a" * 480,
    "address:<script>alert(1)</script>",
    "service:web1/'; DROP TABLE ticket; --",
    "fs:web1:/{host}/{name}",
    "host:\u202eweb1",
    "switch:" + "x" * 500,
]


@pytest.mark.parametrize("subject", HOSTILE)
def test_a_hostile_subject_stops_nothing(lab, subject):
    lab.join("web1", "web2")
    for signal in ("app.http", "net.icmp", "svc.process", "fs.space"):
        reason = {"svc.process": Reason.STOPPED, "fs.space": Reason.FULL}.get(signal, Reason.TIMEOUT)
        lab.look("web2", signal, subject, reason)
    lab.pass_time(8)
    lab.stop("web1", "nginx")
    lab.pass_time(45)
    watched = {key for ticket in lab.tickets(open_only=True) for key in ticket.watch}
    assert ("web1", "svc.process", "service:web1/nginx") in watched


@pytest.mark.parametrize("subject", HOSTILE)
@pytest.mark.parametrize(
    "check", ["net.icmp", "net.tcp", "net.dns", "tls.certificate", "app.http", "net.route"]
)
def test_what_an_agent_could_not_read_is_never_sent_as_a_task(check, subject):
    seen = Observation(
        seq=1,
        signal=check,
        subject=subject,
        verdict=Verdict.FAIL,
        at=1.0,
        since=1.0,
        evidence={"url": "http://a b/\x00", "name": "no name/", "server_name": "x" * 400},
        path=Path(address="1.2.3.4"),
    )
    entry = Entry("web2", seen, 1.0, 1.0, None, 0.0)
    from msgspec import json

    from wire.target import Target

    target = target_for(check, subject, entry, Topology())
    assert target is None or json.decode(json.encode(target), type=Target) == target


def test_an_agent_cannot_say_what_goes_on_inside_another_host(lab):
    lab.join("web1", "web2")
    lab.look("web2", "svc.process", "service:web1/nginx", Reason.STOPPED)
    lab.pass_time(40)
    assert lab.tickets() == []


def test_names_of_hosts_stay_inert_in_titles(lab):
    lab.join("web1")
    lab.look("web1", "svc.process", "service:web1/\u202eevil", Reason.STOPPED)
    lab.look("web1", "svc.port", "service:web1/\u202eevil", Reason.REFUSED)
    lab.pass_time(20)
    assert all("\u202e" not in ticket.title["en"] for ticket in lab.tickets())


def test_a_storm_leaves_what_stands_in_the_end(lab):
    lab.join("web1", "web2")
    for _ in range(200):
        lab.stop("web1", "nginx")
        lab.start("web1", "nginx")
    lab.agents["web1"].look(lab.now, "svc.process", "service:web1/nginx", Reason.STOPPED)
    lab.agents["web1"].look(lab.now, "svc.port", "service:web1/nginx", Reason.REFUSED)
    batch = lab.agents["web1"].batch(lab.now, beat=False)
    overrun = Overrun(lab.current, lab.pipeline.standing)
    overrun.note(lab.current.apply(batch, lab.now))
    lab.pipeline.turn(overrun.take(lab.now))
    lab.pass_time(40)
    assert [ticket.entity for ticket in lab.tickets(open_only=True)] == ["service:web1/nginx"]
