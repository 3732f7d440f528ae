"""The judge wants exactly the tickets that a drill file names, no other and no fewer."""

from __future__ import annotations

from typing import Any

from drills.drill import Alternative, Answer, Expected
from drills.verdict import difference, misdated

DISK = Expected(fault="storage.fs.full", entity="fs:app1:/srv", domain="software", type="capacity")
GATEWAY = Expected(
    fault="net.gateway.down",
    entity="gateway:10.0.0.1",
    domain="hardware",
    type="hardware_fault",
    or_=(Alternative(fault="net.gateway.down", entity="host:gw", domain="network", type="network_fault"),),
    because="two names of one thing",
)


def ticket(fault: str, entity: str, **more: Any) -> dict[str, Any]:
    return {"fault": fault, "entity": entity, "domain": "software", "type": "capacity", **more}


RIGHT = ticket("storage.fs.full", "fs:app1:/srv", priority="high", onset="2026-01-01T00:00:10Z")
OTHER = ticket("svc.process.down", "service:app1/shopd")
BY_HOST = ticket("net.gateway.down", "host:gw", domain="network", type="network_fault")


def test_two_faults_need_two_tickets() -> None:
    assert difference([DISK, GATEWAY], [], [BY_HOST, RIGHT]) == ""
    assert "no ticket about net.gateway.down" in difference([DISK, GATEWAY], [], [RIGHT])


def test_a_ticket_more_is_wrong() -> None:
    assert difference([DISK], [], [RIGHT, OTHER]) == "opened svc.process.down service:app1/shopd"


def test_a_second_ticket_about_the_same_is_wrong() -> None:
    assert difference([DISK], [], [RIGHT, RIGHT]) == "opened storage.fs.full fs:app1:/srv"


def test_collateral_may_have_a_ticket_and_need_not() -> None:
    also = [Answer(fault="svc.process.down", entity="service:app1/shopd")]
    assert difference([DISK], also, [RIGHT, OTHER]) == difference([DISK], also, [RIGHT]) == ""


def test_an_optional_ticket_may_be_missing_and_must_be_right_if_it_is_there() -> None:
    optional = Expected(
        fault=DISK.fault, entity=DISK.entity, domain="hardware", type="capacity", optional=True
    )
    assert difference([optional], [], []) == ""
    assert "domain software instead of hardware" in difference([optional], [], [RIGHT])


def test_an_alternative_may_be_of_another_class() -> None:
    assert difference([GATEWAY], [], [BY_HOST]) == ""
    as_first = ticket("net.gateway.down", "gateway:10.0.0.1", domain="network", type="network_fault")
    assert "domain network instead of hardware" in difference([GATEWAY], [], [as_first])


def test_a_priority_that_is_asked_for_must_be_met() -> None:
    low = Expected(fault=DISK.fault, entity=DISK.entity, domain="software", type="capacity", priority="low")
    assert "priority high instead of low" in difference([low], [], [RIGHT])


def test_a_ticket_must_tell_when_the_fault_began() -> None:
    dated = Expected(
        fault=DISK.fault, entity=DISK.entity, domain="software", type="capacity", onset_within=20
    )
    at_midnight = 1_767_225_600.0
    assert misdated([dated], [RIGHT], [at_midnight - 300, at_midnight]) == ""
    assert "-110 s" in misdated([dated], [RIGHT], [at_midnight + 120])
