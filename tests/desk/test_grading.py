"""Priority, impact, urgency, team and titles."""

from __future__ import annotations

from typing import get_args

import pytest

from rules.catalogue import load_catalogue
from rules.classification import domain_of
from rules.diagnosis import Certainty, Consequence, Diagnosis, Hypothesis, Redundancy
from rules.graph import Edge, Graph
from rules.models import Relation, State
from server.desk.grading import grade_impact, grade_urgency
from server.desk.routing import load_routing
from server.desk.scope import Reach, hosts_of, reach
from server.desk.ticket import Domain, Level, Scope
from server.desk.wording import plain, titles
from wire.inventory import Inventory

CATALOGUE = load_catalogue()


def diagnosis(entity="service:web1/nginx", fault="svc.process.down", **more):
    root = Hypothesis(fault=fault, entity=entity, probability=0.9)
    return Diagnosis(root=root, certainty=Certainty.LIKELY, probability=0.9, entity=entity, onset=0.0, **more)


def hit(**more):
    given = {
        "hosts": ("web1",),
        "known_hosts": 20,
        "services": (),
        "dependants": 0,
        "failed": True,
        "workstation": False,
    }
    return Reach(**{**given, **more})


def test_the_matrix_is_complete():
    routing = load_routing()
    for impact in get_args(Scope):
        for urgency in get_args(Level):
            assert routing.priority(impact, urgency)


def test_priority_is_impact_times_urgency():
    routing = load_routing()
    assert routing.priority("enterprise", "high") == "urgent"
    assert routing.priority("department", "medium") == "medium"
    assert routing.priority("person", "high") == "medium"


@pytest.mark.parametrize("domain", get_args(Domain))
def test_every_domain_has_a_team_with_names_in_both_languages(domain):
    routing = load_routing()
    assert set(routing.team_name(routing.team(domain))) == {"en", "zh"}


def test_a_workstation_alone_is_one_person():
    assert grade_impact("host:pc1", hit(workstation=True)).value == "person"


def test_many_hosts_are_the_enterprise():
    assert grade_impact("switch:sw1", hit(dependants=12)).value == "enterprise"


def test_what_a_site_shares_is_the_enterprise_when_a_large_part_hangs_on_it():
    assert grade_impact("gateway:10.0.0.1", hit(known_hosts=8, dependants=4)).value == "enterprise"


def test_one_of_two_backends_down_is_low():
    left = hit(left=Redundancy(group="group:web", lost=("service:a/x",), left=("service:b/x",), need=1))
    fault = CATALOGUE.faults["svc.process.down"]
    priority = load_routing().priority(
        grade_impact("service:web1/nginx", left).value, grade_urgency(fault, left).value
    )
    assert priority == "low"


def test_degraded_is_less_urgent_than_failed():
    fault = CATALOGUE.faults["host.down"]
    assert grade_urgency(fault, hit(failed=False)).value != fault.urgency


def test_each_grade_says_why():
    assert grade_impact("host:web1", hit()).why
    assert grade_urgency(CATALOGUE.faults["host.down"], hit()).why


@pytest.mark.parametrize(
    ("left", "urgency"), [(("service:b/x", "service:c/x"), "low"), (("service:b/x",), "medium"), ((), "high")]
)
def test_urgency_follows_what_is_left(left, urgency):
    group = Redundancy(group="group:web", lost=("service:a/x",), left=left, need=1)
    found = reach(diagnosis(redundancy=(group,)), Graph(), {}, failing=True)
    assert grade_urgency(CATALOGUE.faults["svc.process.down"], found).value == urgency


def test_redundancy_that_did_not_hold_lowers_nothing():
    group = Redundancy(group="group:web", lost=("service:a/x",), left=("service:b/x",), need=1, held=False)
    assert reach(diagnosis(redundancy=(group,)), Graph(), {}, failing=True).left is None


def test_hosts_that_lean_on_the_root_over_any_number_of_hops_are_counted():
    graph = Graph()
    graph.add(Edge("service:app1/app", Relation.DEPENDS_ON, "service:db1/db"))
    graph.add(Edge("service:web1/nginx", Relation.DEPENDS_ON, "service:app1/app"))
    inventories = {host: Inventory(host=host) for host in ("app1", "db1", "web1")}
    assert reach(diagnosis("service:db1/db"), graph, inventories, failing=True).dependants == 2


def test_hosts_of_a_diagnosis_begin_with_that_of_the_root():
    consequence = Consequence(entity="service:web1/nginx", state=State.ERROR, because="service:db1/db")
    seen = ("mon1", "app.http", "endpoint:http://shop")
    assert hosts_of(diagnosis("service:db1/db", consequences=(consequence,), explains=(seen,))) == (
        "db1",
        "web1",
        "mon1",
    )


def test_configuration_is_what_an_edit_repairs():
    for fault in CATALOGUE.faults.values():
        assert domain_of(fault) == ("configuration" if fault.type == "configuration" else fault.domain)


def test_names_from_hosts_cannot_command_a_terminal():
    title = titles(CATALOGUE, "svc.process.down", "service:web1/\u202enginx\u2066")["en"]
    assert plain("a\x1b[31m\u202eb") == "a\ufffd[31m\ufffdb"
    assert "\u202e" not in title
