"""Tickets follow their symptoms when a deeper root comes to light."""

from __future__ import annotations

from rules.topology.site import Dependency, Site
from server.desk.states import Status
from server.desk.ticket import Note
from server.storage.tickets import read_events
from wire.judgement import Path, Reason


def shop(lab):
    """Two web servers that cannot work without one database; somebody looks at both."""
    lab.join("mon1", "db1", "web1", "web2")
    uses = tuple(Dependency(service=f"{host}/nginx", on="db1/db") for host in ("web1", "web2"))
    lab.pipeline.declare(Site(dependency=uses), "test")
    for host in ("web1", "web2"):
        page(lab, host)
    lab.pass_time(20)


def page(lab, host, reason=Reason.OK):
    address = lab.agents[host].address
    way = Path(interface="eth0", source=lab.agents["mon1"].address, address=address, port=80)
    lab.look("mon1", "app.http", f"endpoint:http://{address}", reason, path=way)


def events(lab, ticket):
    with lab.database.reading() as connection:
        return [event.what for event in read_events(connection, int(ticket.id))]


def test_a_root_that_moves_is_an_event_on_the_same_ticket(lab):
    shop(lab)
    page(lab, "web1", Reason.STATUS)
    lab.pass_time(45)
    first = lab.only_ticket()
    assert first.entity == "service:web1/nginx"
    lab.stop("db1", "db")
    lab.pass_time(20)
    (ticket,) = lab.tickets(open_only=True)
    assert ticket.id == first.id
    assert ticket.entity == "service:db1/db"
    assert Note.MOVED in events(lab, ticket)


def test_tickets_whose_symptoms_another_root_explains_are_merged_into_its_ticket(lab):
    shop(lab)
    page(lab, "web1", Reason.STATUS)
    lab.pass_time(40)
    page(lab, "web2", Reason.STATUS)
    lab.pass_time(45)
    lab.stop("db1", "db")
    lab.pass_time(30)
    (ticket,) = lab.tickets(open_only=True)
    assert ticket.entity == "service:db1/db"
    others = [each for each in lab.tickets() if each.id != ticket.id]
    assert all((each.status, each.merged_into) == (Status.MERGED, ticket.id) for each in others)


def test_a_merged_ticket_ends_by_the_proof_of_the_one_that_took_it(lab):
    shop(lab)
    page(lab, "web1", Reason.STATUS)
    lab.pass_time(40)
    lab.stop("db1", "db")
    lab.pass_time(20)
    lab.start("db1", "db")
    lab.pass_time(30)
    assert len(lab.tickets(open_only=True)) == 1
    page(lab, "web1")
    lab.pass_time(30)
    assert lab.tickets(open_only=True) == []


def test_symptoms_of_one_root_in_any_order_are_one_open_ticket_in_the_end(lab):
    shop(lab)
    page(lab, "web2", Reason.STATUS)
    lab.stop("db1", "db")
    page(lab, "web1", Reason.STATUS)
    lab.pass_time(60)
    (ticket,) = lab.tickets(open_only=True)
    assert ticket.entity == "service:db1/db"
    assert set(ticket.hosts) == {"db1", "web1", "web2"}
    assert len(ticket.watch) == 4


def test_what_is_left_of_a_recovery_does_not_rewrite_the_diagnosis(lab):
    shop(lab)
    lab.stop("db1", "db")
    page(lab, "web1", Reason.STATUS)
    page(lab, "web2", Reason.STATUS)
    lab.pass_time(30)
    told = lab.pipeline.desk.diagnoses[lab.only_ticket().id]
    lab.look("db1", "svc.process", "service:db1/db")
    page(lab, "web1")
    lab.pass_time(10)
    assert lab.only_ticket().entity == "service:db1/db"
    assert lab.pipeline.desk.diagnoses[lab.only_ticket().id].probability >= told.probability


def test_failing_runs_of_a_resolved_matter_do_not_make_the_next_one_unstable(lab):
    shop(lab)
    page(lab, "web1", Reason.STATUS)
    lab.pass_time(45)
    page(lab, "web1")
    lab.pass_time(30)
    lab.stop("web1", "nginx")
    address = lab.agents["web1"].address
    way = Path(interface="eth0", source=lab.agents["mon1"].address, address=address, port=80)
    seen = (Reason.STATUS, Reason.REFUSED)
    lab.look("mon1", "app.http", f"endpoint:http://{address}", Reason.REFUSED, path=way, intermittent=seen)
    lab.pass_time(20)
    (ticket,) = lab.tickets(open_only=True)
    assert (ticket.fault, ticket.unstable) == ("svc.process.down", False)
