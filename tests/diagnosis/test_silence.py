"""Agents that fall silent, say goodbye, or are cut off together."""

from __future__ import annotations

from server.desk.states import Status
from wire.judgement import Reason


def silence(lab, *hosts):
    for host in hosts:
        lab.agents[host].alive = False


def everybody_pings(lab, reasons=None):
    for host in lab.agents:
        for other in lab.agents:
            if host != other and lab.agents[host].alive:
                lab.ping(host, other, (reasons or {}).get(other, Reason.OK))


def test_an_agent_that_died_alone_is_named_while_its_host_answers(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    silence(lab, "web2")
    lab.pass_time(75)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("host.agent.dead", "agent:web2")


def test_an_agent_whose_connection_its_host_closed_is_named_before_a_heartbeat_is_missed(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    silence(lab, "web2")
    lab.hang_up("web2")
    lab.pass_time(28)
    ticket = lab.only_ticket()
    assert (ticket.fault, ticket.entity) == ("host.agent.dead", "agent:web2")


def test_an_agent_that_was_started_again_at_once_is_not_missed(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    lab.hang_up("web2")
    lab.pass_time(60)
    assert lab.tickets() == []


def test_a_heartbeat_that_returns_resolves_the_ticket(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    silence(lab, "web2")
    lab.pass_time(75)
    lab.agents["web2"].alive = True
    lab.pass_time(60)
    assert lab.only_ticket().status is Status.RESOLVED


def test_a_host_that_nobody_reaches_is_one_ticket_about_the_host(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    silence(lab, "web2")
    everybody_pings(lab, {"web2": Reason.TIMEOUT})
    lab.pass_time(60)
    ticket = lab.only_ticket()
    # A dead host and a cut cable look alike until a switch port or the next boot tells them apart.
    assert ticket.fault in {"host.down", "net.link.down"}
    assert ticket.hosts[0] == "web2"


def test_a_clean_stop_of_the_agent_opens_nothing(lab):
    lab.join("web1", "web2")
    lab.send(lab.agents["web2"], goodbye="stop")
    silence(lab, "web2")
    lab.pass_time(120)
    assert lab.tickets() == []


def test_a_machine_that_was_shut_down_opens_nothing_although_it_does_not_answer(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    lab.send(lab.agents["web2"], goodbye="shutdown")
    silence(lab, "web2")
    everybody_pings(lab, {"web2": Reason.TIMEOUT})
    lab.pass_time(120)
    assert lab.tickets() == []


def put_to_sleep(lab, host):
    lab.send(lab.agents[host], goodbye="sleep")
    silence(lab, host)
    everybody_pings(lab, {host: Reason.TIMEOUT})


def test_a_machine_asleep_is_known_for_that_and_opens_nothing(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    put_to_sleep(lab, "web2")
    lab.pass_time(120)
    (found,) = lab.diagnoses()
    assert (found.root.fault, found.root.entity, lab.tickets()) == ("host.asleep", "host:web2", [])


def test_a_machine_that_wakes_again_is_watched_as_before(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    put_to_sleep(lab, "web2")
    lab.pass_time(60)
    lab.agents["web2"].alive = True
    lab.send(lab.agents["web2"])
    lab.pass_time(1)
    everybody_pings(lab)
    lab.pass_time(20)
    lab.stop("web2", "nginx")
    lab.pass_time(40)
    assert lab.only_ticket().entity == "service:web2/nginx"


def test_a_machine_that_came_back_but_cannot_be_reached_gets_its_ticket(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    put_to_sleep(lab, "web2")
    lab.pass_time(60)
    lab.agents["web2"].alive = True
    lab.pass_time(60)
    assert "web2" in lab.only_ticket().hosts


def test_a_machine_that_dies_beside_one_asleep_gets_its_ticket(lab):
    lab.join("web1", "web2", "web3", "web4")
    everybody_pings(lab)
    put_to_sleep(lab, "web2")
    lab.pass_time(60)
    silence(lab, "web3")
    everybody_pings(lab, {"web2": Reason.TIMEOUT, "web3": Reason.TIMEOUT})
    lab.pass_time(60)
    assert lab.only_ticket().hosts[0] == "web3"


def test_when_all_fall_silent_at_once_the_server_waits_for_a_second_vantage(lab):
    hosts = ["web1", "web2", "web3", "web4"]
    lab.join(*hosts)
    silence(lab, *hosts)
    lab.pass_time(120)
    assert lab.tickets() == []


def test_what_a_silent_host_said_last_is_no_proof(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    lab.stop("web2", "nginx")
    lab.pass_time(15)
    lab.start("web2", "nginx")
    silence(lab, "web2")
    lab.pass_time(12)
    assert [ticket.status for ticket in lab.tickets() if ticket.entity == "service:web2/nginx"] == [
        Status.NEW
    ]


def test_silence_after_a_question_is_noticed_before_the_third_heartbeat_is_missed(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    silence(lab, "web2")
    everybody_pings(lab, {"web2": Reason.TIMEOUT})
    lab.pass_time(22)
    overdue = [key for key in lab.pipeline.standing.failing if key[1] == "agent.heartbeat"]
    assert overdue == [("rootward", "agent.heartbeat", "agent:web2")]


def test_an_agent_that_answers_late_is_not_taken_for_dead(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    silence(lab, "web2")
    everybody_pings(lab, {"web2": Reason.TIMEOUT})
    lab.pass_time(9)
    lab.agents["web2"].alive = True
    lab.pass_time(15)
    assert not [key for key in lab.pipeline.standing.failing if key[1] == "agent.heartbeat"]


def goes_down_and_comes_back(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    silence(lab, "web2")
    everybody_pings(lab, {"web2": Reason.TIMEOUT})
    lab.pass_time(60)
    assert lab.only_ticket().fault == "host.down"
    lab.agents["web2"].alive = True
    everybody_pings(lab)
    lab.look("web2", "host.boot", "host:web2", Reason.REBOOTED)
    lab.pass_time(90)


def test_a_machine_that_was_down_has_restarted_when_it_is_back_and_that_is_no_further_ticket(lab):
    goes_down_and_comes_back(lab)
    assert lab.only_ticket().status is Status.RESOLVED


def test_the_restart_that_a_ticket_accounts_for_is_no_sign_of_a_later_fault(lab):
    goes_down_and_comes_back(lab)
    assert lab.only_ticket().status is Status.RESOLVED
    lab.stop("web2", "nginx")
    assert {key[1] for key in lab.pipeline.standing.failing} == {"svc.process", "svc.port"}
    lab.look("web2", "host.boot", "host:web2")
    lab.pass_time(150)
    lab.look("web2", "host.boot", "host:web2", Reason.REBOOTED)
    assert "host.boot" in {key[1] for key in lab.pipeline.standing.failing}


def test_a_machine_that_restarted_before_anybody_missed_it_has_a_ticket(lab):
    lab.join("web1", "web2", "web3")
    everybody_pings(lab)
    lab.look("web2", "host.boot", "host:web2", Reason.REBOOTED)
    lab.pass_time(60)
    assert lab.only_ticket().fault == "host.reboot.unexpected"
