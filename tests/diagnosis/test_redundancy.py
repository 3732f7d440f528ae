"""One of several that do the same work is lost: a warning about that one, which says what is left."""

from __future__ import annotations

import pytest

from rules.topology.site import GroupTable, Site


def pool_of(lab, *hosts):
    lab.join("mon1", *hosts)
    members = tuple(f"service:{host}/nginx" for host in hosts)
    lab.pipeline.declare(Site(group=(GroupTable(name="shop", members=members),)), "test")


@pytest.mark.parametrize(
    ("hosts", "urgency"), [(("web1", "web2"), "medium"), (("web1", "web2", "web3"), "low")]
)
def test_urgency_is_what_is_left(lab, hosts, urgency):
    pool_of(lab, *hosts)
    lab.stop("web1", "nginx")
    lab.pass_time(30)
    ticket = lab.only_ticket()
    assert (ticket.entity, ticket.urgency.value) == ("service:web1/nginx", urgency)


def test_the_report_names_what_is_left_in_both_languages(lab):
    pool_of(lab, "web1", "web2")
    lab.stop("web1", "nginx")
    lab.pass_time(30)
    ticket = lab.only_ticket()
    english, chinese = (lab.report(ticket, language=language) for language in ("en", "zh"))
    assert "1 of 2 members still work (service:web2/nginx), 1 needed" in english
    assert "2 个成员中仍有 1 个正常" in chinese


def test_when_the_last_member_is_lost_too_both_tickets_become_urgent(lab):
    pool_of(lab, "web1", "web2")
    lab.stop("web1", "nginx")
    lab.pass_time(30)
    lab.stop("web2", "nginx")
    lab.pass_time(60)
    assert [each.urgency.value for each in lab.tickets(open_only=True)] == ["high", "high"]
