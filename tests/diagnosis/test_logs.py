"""Symptoms that only a log tells: they stand until a look proves otherwise."""

from __future__ import annotations

import msgspec

from server.desk.actions import Action, Request
from server.desk.states import Status
from wire.judgement import Path, Reason, Verdict


def fill_up(lab):
    lab.look("web1", "fs.space", "fs:web1:/var")
    lab.pass_time(20)
    lab.look("web1", "log.no_space", "fs:web1:/var", Reason.MATCHED)
    lab.look("web1", "fs.space", "fs:web1:/var", Reason.FULL)


def test_a_log_line_and_a_look_at_the_same_file_system_are_one_ticket(lab):
    lab.join("web1", "web2")
    fill_up(lab)
    lab.pass_time(15)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("storage.fs.full", "fs:web1:/var")
    assert len(ticket.watch) == 2


def test_a_quiet_log_alone_resolves_nothing(lab):
    lab.join("web1", "web2")
    fill_up(lab)
    lab.pass_time(300)
    assert lab.only_ticket().status is Status.NEW


def test_the_passing_look_proves_the_log_symptom_too(lab):
    lab.join("web1", "web2")
    fill_up(lab)
    lab.pass_time(15)
    lab.look("web1", "fs.space", "fs:web1:/var")
    lab.pass_time(40)
    assert lab.only_ticket().status is Status.RESOLVED


def test_the_look_that_refuted_a_line_is_cited_though_a_later_one_took_its_place(lab):
    lab.join("web1", "web2")
    fill_up(lab)
    lab.pass_time(15)
    for reason in (Reason.OK, Reason.FULL, Reason.OK):
        lab.pass_time(2)
        lab.look("web1", "fs.space", "fs:web1:/var", reason)
    lab.pass_time(90)
    assert lab.only_ticket().status is Status.RESOLVED
    assert not lab.unproven()


def test_a_line_that_no_look_can_refute_is_proved_by_the_other_looks_of_its_ticket(lab):
    lab.join("web1", "web2")
    lab.stop("web1", "nginx")
    lab.look("web1", "log.app_exception", "service:web1/nginx", Reason.MATCHED)
    lab.pass_time(45)
    lab.start("web1", "nginx")
    lab.pass_time(60)
    assert lab.tickets(open_only=True) == []
    assert Status.RESOLVED in {ticket.status for ticket in lab.tickets()}


def ask_page(lab, reason=Reason.OK, page=""):
    """web2 asks for a page of nginx on web1."""
    way = Path(
        interface="eth0", source=lab.agents["web2"].address, address=lab.agents["web1"].address, port=80
    )
    lab.look("web2", "app.http", f"endpoint:http://web1{page}", reason, path=way)


def test_an_exception_is_refuted_by_a_page_of_that_service_whoever_asks(lab):
    lab.join("web1", "web2")
    ask_page(lab)
    lab.pass_time(20)
    lab.look("web1", "log.app_exception", "service:web1/nginx", Reason.MATCHED)
    ask_page(lab, Reason.STATUS)
    lab.pass_time(40)
    assert lab.only_ticket().entity == "service:web1/nginx"
    ask_page(lab)
    lab.pass_time(40)
    assert lab.only_ticket().status is Status.RESOLVED


def test_a_line_that_no_ticket_is_about_is_forgotten(lab):
    lab.join("web1", "web2")
    lab.look("web1", "log.other_fault", "service:web1/nginx", Reason.MATCHED, verdict=Verdict.WARN)
    lab.pass_time(60)
    assert lab.pipeline.standing.failing
    lab.pass_time(260)
    assert not lab.pipeline.standing.failing
    assert lab.tickets() == []


def test_a_line_after_the_repair_was_proved_begins_a_new_episode(lab):
    lab.join("web1", "web2")
    fill_up(lab)
    lab.pass_time(15)
    lab.look("web1", "fs.space", "fs:web1:/var")
    lab.pass_time(300)
    agent, key = lab.agents["web1"], ("log.no_space", "fs:web1:/var")
    agent.seq += 1
    # The agent's own run of the line has never ended: a log does not say that all is well.
    agent.fresh.append(msgspec.structs.replace(agent.looks[key], seq=agent.seq, at=lab.now))
    lab.send(agent, beat=False)
    assert lab.pipeline.standing.evidence[("web1", *key)].since == lab.now


def test_one_good_page_does_not_refute_a_line_while_another_fails(lab):
    lab.join("web1", "web2")
    ask_page(lab)
    ask_page(lab, page="/partner/")
    lab.pass_time(20)
    lab.look("web1", "log.upstream_failed", "service:web1/nginx", Reason.MATCHED)
    ask_page(lab, Reason.STATUS, "/partner/")
    lab.pass_time(30)
    keys = {key[1] for key in lab.pipeline.standing.failing}
    assert keys == {"app.http", "log.upstream_failed"}


def test_the_key_that_a_server_refuses_is_the_one_ticket_when_the_server_ends_for_it(lab):
    key = "file:web1:/etc/ssl/private/shop.key"
    lab.join("web1", "web2")
    lab.look("web1", "log.key_permissions", key, Reason.MATCHED, evidence={"service": "nginx"})
    lab.stop("web1", "nginx")
    lab.pass_time(40)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("sec.key.permissions", key)
    assert ("web1", "svc.process", "service:web1/nginx") in ticket.watch


def test_a_line_about_a_file_of_another_host_moves_nothing(lab):
    lab.join("web1", "web2")
    key = "file:web2:/etc/ssl/private/shop.key"
    lab.look("web1", "log.key_permissions", key, Reason.MATCHED, evidence={"service": "nginx"})
    assert not [edge for edge in lab.pipeline.topology.graph.edges() if edge.parent == key]


def by_hand(lab, ticket, action):
    request = Request(reason="the disk was replaced")
    lab.pipeline.actions.act(ticket.id, action, request, ("alice", "web"))
    lab.pass_time(20)


def test_what_a_person_resolved_is_not_opened_again_by_the_line_that_was_said_before(lab):
    lab.join("web1", "web2")
    lab.look("web1", "log.raid_degraded", "array:web1/md0", Reason.MATCHED)
    lab.pass_time(15)
    by_hand(lab, lab.only_ticket(), Action.START)
    by_hand(lab, lab.only_ticket(), Action.RESOLVE)
    assert lab.only_ticket().status is Status.RESOLVED


def kill_for_memory(lab):
    """The kernel kills a program, whose end makes room again before the server hears of either."""
    lab.look("web1", "mem.available", "host:web1", Reason.HIGH, confirmed=False)
    agent = lab.agents["web1"]
    agent.look(lab.now, "log.oom_kill", "process:web1/reportd", Reason.MATCHED, at=lab.now - 2)
    agent.look(lab.now, "mem.available", "host:web1", at=lab.now - 1)
    lab.send(agent)


def test_that_something_happened_is_not_refuted_by_how_things_are_since(lab):
    lab.join("web1", "web2")
    kill_for_memory(lab)
    lab.pass_time(20)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("mem.oom.kill", "process:web1/reportd")


def test_what_happened_while_the_agent_was_away_is_told_with_its_time(lab):
    lab.join("web1", "web2")
    lab.look("web1", "mem.available", "host:web1")
    lab.pass_time(200)
    killed_at = lab.now - 180
    agent = lab.agents["web1"]
    agent.look(lab.now, "log.oom_kill", "process:web1/reportd", Reason.MATCHED, at=killed_at)
    agent.look(lab.now, "mem.available", "host:web1")
    lab.send(agent)
    lab.pass_time(20)
    ticket = lab.only_ticket()
    assert (ticket.fault, round(ticket.onset - killed_at)) == ("mem.oom.kill", 0)


def test_how_things_are_since_is_the_proof_once_there_is_a_ticket(lab):
    lab.join("web1", "web2")
    kill_for_memory(lab)
    lab.pass_time(60)
    assert lab.only_ticket().status is Status.RESOLVED


def test_an_event_that_led_to_no_ticket_is_not_held_against_what_comes_later(lab):
    lab.join("web1", "web2")
    lab.look("web1", "mem.available", "host:web1")
    lab.pass_time(20)
    lab.look("web1", "log.pcie_error", "slot:web1/0000:3b:00.0", Reason.MATCHED)
    lab.look("web1", "hw.pcie", "slot:web1/0000:3b:00.0")
    assert lab.pipeline.standing.failing
    lab.pass_time(60)
    assert not lab.pipeline.standing.failing


def test_a_database_that_misses_its_own_data_is_the_root_though_it_runs(lab):
    lab.prepare = lambda agent: setattr(agent, "services", ["nginx", "postgres"])
    lab.join("db1", "web1")
    lab.look("db1", "log.database_damaged", "service:db1/postgres", Reason.MATCHED)
    lab.look("db1", "svc.process", "service:db1/postgres")
    lab.pass_time(60)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("db.data.damaged", "service:db1/postgres")
    assert ticket.status is Status.NEW


def test_a_statement_that_somebody_mistyped_opens_no_ticket(lab):
    lab.prepare = lambda agent: setattr(agent, "services", ["nginx", "postgres"])
    lab.join("db1", "web1")
    lab.look("db1", "log.database_schema", "service:db1/postgres", Reason.MATCHED, confirmed=False)
    lab.pass_time(120)
    assert lab.tickets() == []


def refuse_settings(lab):
    """A service that runs on is told to read its configuration anew, and cannot."""
    lab.look("web1", "svc.process", "service:web1/named")
    lab.pass_time(30)
    lab.look("web1", "log.config_invalid", "service:web1/named", Reason.MATCHED)
    lab.pass_time(30)


def test_that_a_service_runs_on_does_not_refute_that_it_would_not_take_its_configuration(lab):
    lab.join("web1", "web2")
    refuse_settings(lab)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("svc.config.invalid", "service:web1/named")
    lab.pass_time(300)
    assert lab.only_ticket().status is Status.NEW


def test_that_it_was_started_anew_does(lab):
    lab.join("web1", "web2")
    refuse_settings(lab)
    lab.look("web1", "svc.process", "service:web1/named", Reason.STOPPED)
    lab.pass_time(10)
    lab.look("web1", "svc.process", "service:web1/named")
    lab.pass_time(60)
    assert lab.only_ticket().status is Status.RESOLVED
