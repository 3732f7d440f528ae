"""A service stops and starts: the main path."""

from __future__ import annotations

from server.desk.states import Status
from wire.judgement import Reason, Verdict


def test_a_stopped_service_opens_one_ticket_that_names_it(lab):
    lab.join("web1", "web2")
    lab.stop("web1", "nginx")
    lab.pass_time(10)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("svc.process.down", "service:web1/nginx")
    assert ticket.domain == "software"
    assert ticket.team == "systems"
    assert ticket.hosts == ("web1",)
    assert ticket.status is Status.NEW
    assert "nginx" in ticket.title["en"]
    assert "nginx" in ticket.title["zh"]


def test_starting_it_again_resolves_the_ticket_with_the_observations_that_prove_it(lab):
    lab.join("web1", "web2")
    lab.stop("web1", "nginx")
    lab.pass_time(10)
    lab.start("web1", "nginx")
    lab.pass_time(30)
    ticket = lab.only_ticket()
    assert ticket.status is Status.RESOLVED
    assert ticket.status_reason == "proved"
    assert ticket.resolved_at is not None


def test_it_is_not_resolved_before_the_hold_down_is_over(lab):
    lab.join("web1")
    lab.stop("web1", "nginx")
    lab.pass_time(10)
    lab.start("web1", "nginx")
    lab.pass_time(10)
    assert lab.only_ticket().status is Status.NEW


def test_unknown_is_never_proof(lab):
    lab.join("web1")
    lab.stop("web1", "nginx")
    lab.pass_time(10)
    for signal in ("svc.process", "svc.port"):
        lab.look("web1", signal, "service:web1/nginx", Reason.NOT_PERMITTED, verdict=Verdict.UNKNOWN)
    lab.pass_time(60)
    assert lab.only_ticket().status is Status.NEW


def test_a_fault_gone_before_it_settled_leaves_at_most_one_closed_ticket(lab):
    lab.join("web1")
    lab.stop("web1", "nginx")
    lab.pass_time(3)
    lab.start("web1", "nginx")
    lab.pass_time(40)
    assert all(ticket.status is Status.RESOLVED for ticket in lab.tickets())


def fails_and_is_repaired(lab):
    lab.stop("web1", "nginx")
    lab.pass_time(12)
    lab.start("web1", "nginx")
    lab.pass_time(40)


def test_firing_again_reopens_the_same_ticket(lab):
    lab.join("web1")
    for _ in range(2):
        fails_and_is_repaired(lab)
    ticket = lab.only_ticket()
    assert ticket.status is Status.RESOLVED
    assert ticket.reopened == 1


def test_firing_again_after_the_reopen_window_opens_a_ticket_linked_to_the_first(lab):
    lab.join("web1")
    fails_and_is_repaired(lab)
    lab.now += 25 * 3600
    lab.send(lab.agents["web1"])
    lab.stop("web1", "nginx")
    lab.pass_time(12)
    first, second = lab.tickets()
    assert second.recurrence_of == first.id
    assert second.open


def fails_thrice(lab, days_between):
    lab.join("web1")
    for _ in range(3):
        fails_and_is_repaired(lab)
        lab.now += days_between * 86_400
        lab.send(lab.agents["web1"])
    return lab.tickets()


def test_the_third_time_within_thirty_days_proposes_a_problem(lab):
    first, second, third = fails_thrice(lab, days_between=8)
    assert [each.proposes_problem for each in (first, second, third)] == [False, False, True]
    told = f"Happened 2 times before within thirty days (tickets {first.id}, {second.id})"
    assert told in lab.report(third)
    assert "应作为问题单独处理" in lab.report(third, language="zh")


def test_what_happened_longer_ago_than_thirty_days_is_no_problem(lab):
    assert not any(each.proposes_problem for each in fails_thrice(lab, days_between=20))


def test_two_faults_on_two_hosts_are_two_tickets(lab):
    lab.join("web1", "web2")
    lab.stop("web1", "nginx")
    lab.stop("web2", "db")
    lab.pass_time(40)
    assert {ticket.entity for ticket in lab.tickets(open_only=True)} == {
        "service:web1/nginx",
        "service:web2/db",
    }


def test_a_second_fault_on_the_same_host_is_a_second_ticket(lab):
    lab.join("web1")
    lab.stop("web1", "nginx")
    lab.pass_time(20)
    lab.stop("web1", "db")
    lab.pass_time(40)
    assert len(lab.tickets(open_only=True)) == 2


def test_a_retired_target_ends_its_ticket_as_retired(lab):
    lab.join("web1")
    lab.stop("web1", "nginx")
    lab.pass_time(12)
    for signal in ("svc.process", "svc.port"):
        lab.look("web1", signal, "service:web1/nginx", Reason.STOPPED, retired=True)
    lab.pass_time(30)
    ticket = lab.only_ticket()
    assert (ticket.status, ticket.status_reason) == (Status.CANCELLED, "retired")


def test_coming_and_going_is_one_unstable_ticket(lab):
    lab.join("web1")
    for _ in range(5):
        lab.stop("web1", "nginx")
        lab.pass_time(12)
        lab.start("web1", "nginx")
        lab.pass_time(25)
    assert lab.only_ticket().unstable
