"""What a look failed by while a fault lasted is not held against it once that is repaired."""

from __future__ import annotations

from wire.judgement import Path, Reason

PAGE = "endpoint:http://10.0.0.1/"
KEY = ("web2", "app.http", PAGE)


def page(lab, reason, *, again):
    """A page of web1, looked at from web2; ``again``: it failed before within the memory of the agent."""
    way = Path(interface="eth0", source="10.0.0.2", address="10.0.0.1", port=80)
    lab.look("web2", "app.http", PAGE, reason, path=way, intermittent=(Reason.TIMEOUT,) if again else ())


def a_fault_ends(lab, *, again):
    """A service stops and starts again, and the page that it serves fails and passes meanwhile."""
    lab.join("web1", "web2", "web3")
    page(lab, Reason.OK, again=False)
    lab.stop("web1", "nginx")
    lab.pass_time(2)
    page(lab, Reason.REFUSED, again=False)
    lab.pass_time(10)
    lab.start("web1", "nginx")
    page(lab, Reason.OK, again=again)


def a_repaired_fault(lab):
    a_fault_ends(lab, again=False)
    lab.pass_time(25)
    assert lab.only_ticket().status == "resolved"


def comes_and_goes(lab):
    return KEY in lab.pipeline.standing.intermittent


def test_a_single_failure_after_the_repair_is_not_coming_and_going(lab):
    a_repaired_fault(lab)
    page(lab, Reason.TIMEOUT, again=True)
    assert KEY in lab.pipeline.standing.failing
    assert not comes_and_goes(lab)


def test_two_failures_after_the_repair_are(lab):
    a_repaired_fault(lab)
    page(lab, Reason.TIMEOUT, again=True)
    lab.pass_time(2)
    page(lab, Reason.OK, again=True)
    lab.pass_time(2)
    page(lab, Reason.TIMEOUT, again=True)
    assert comes_and_goes(lab)


def test_a_look_that_was_said_to_come_and_go_is_steady_from_the_repair_on(lab):
    a_fault_ends(lab, again=True)
    assert comes_and_goes(lab)
    lab.pass_time(80)
    assert lab.only_ticket().status == "resolved"
    assert not comes_and_goes(lab)
