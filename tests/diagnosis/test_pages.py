"""Pages of which only some, or only some of the requests, are answered as they should be."""

from __future__ import annotations

from wire.judgement import Path, Reason

PLACE = "http://10.0.0.1"
WHOLE, PART = f"endpoint:{PLACE}/", f"endpoint:{PLACE}/partner/"
FRONT = "service:web1/nginx"


def ask(lab, page, reason=Reason.OK, *, by="web2", again=False):
    """``again``: the page failed the same way before, within the memory of the agent."""
    way = Path(interface="eth0", source="10.0.0.2", address="10.0.0.1", port=80)
    lab.look(by, "app.http", page, reason, path=way, intermittent=(Reason.STATUS,) if again else ())


def flicker(lab, *hosts, times=4):
    """Every other request of each host ends in an error."""
    for _ in range(times):
        for host in hosts:
            ask(lab, WHOLE, Reason.STATUS, by=host, again=True)
            lab.pass_time(0.5)
            ask(lab, WHOLE, by=host, again=True)
        lab.pass_time(10)


def two_pages_well(lab):
    lab.join("web1", "web2", "web3")
    for host in ("web2", "web3"):
        ask(lab, WHOLE, by=host)
    ask(lab, PART)
    lab.pass_time(20)


def test_an_application_that_errs_at_some_requests_is_named(lab):
    two_pages_well(lab)
    lab.look("web1", "log.app_exception", FRONT, Reason.MATCHED)
    flicker(lab, "web2", "web3")
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("app.error.internal", FRONT)


def test_a_page_that_comes_and_goes_lets_none_of_its_passes_refute_a_line(lab):
    two_pages_well(lab)
    lab.look("web1", "log.app_exception", FRONT, Reason.MATCHED)
    flicker(lab, "web2")
    assert ("web1", "log.app_exception", FRONT) in lab.pipeline.standing.failing


def test_what_comes_and_goes_began_when_it_first_failed(lab):
    two_pages_well(lab)
    began = lab.now
    flicker(lab, "web2")
    assert lab.pipeline.standing.evidence[("web2", "app.http", WHOLE)].since <= began + 15


def test_one_page_that_fails_on_and_on_while_all_others_pass_is_somebodys_work(lab):
    two_pages_well(lab)
    ask(lab, PART, Reason.STATUS)
    lab.pass_time(30)
    assert not lab.tickets()
    for host in ("web2", "web3"):
        ask(lab, WHOLE, by=host)
    lab.pass_time(60)
    assert lab.only_ticket().entity == FRONT
