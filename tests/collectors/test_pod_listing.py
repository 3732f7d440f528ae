"""What the tables of kubectl tell of pods and nodes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host import Host
from collectors.services import pod_listing
from tests.collectors.conftest import about
from wire.judgement import Reason

BOX = Host("box", "/dev/null")
PODS = "NAME    READY   STATUS   RESTARTS   AGE\nweb-1   {}\n"
NODES = "NAME STATUS ROLES AGE VERSION\na Ready master 4d v1.29\nb {} <none> 4d v1.29\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2/2   Running            1 (3d ago)   4d", Reason.OK),
        ("1/2   Running            13           44m", Reason.HUNG),
        ("1/2   CrashLoopBackOff   12           44m", Reason.RESTARTING),
        ("0/1   Init:CrashLoopBackOff   4       9m", Reason.RESTARTING),
        ("0/1   ImagePullBackOff   0            44m", Reason.STOPPED),
        ("0/1   Init:Error         2            1m", Reason.STOPPED),
        ("0/1   ContainerCreating  0            40m", Reason.HUNG),
    ],
)
def test_a_pod_is_judged_by_its_status_and_by_how_long_it_has_had(row, reason):
    found = pod_listing.parse(PODS.format(row).encode())
    assert about(pod_listing.judge(found, BOX), "container.state", "web-1").reason is reason


@pytest.mark.parametrize(
    "row", ["0/1   Completed   0   40d", "0/1   ContainerCreating   0   12s", "0/1   Running   0   30s"]
)
def test_a_pod_that_ended_or_has_only_just_begun_is_not_judged(row):
    assert not list(pod_listing.judge(pod_listing.parse(PODS.format(row).encode()), BOX))


@pytest.mark.parametrize(
    ("status", "reason"),
    [("Ready", Reason.OK), ("Ready,SchedulingDisabled", Reason.OK), ("NotReady", Reason.MISSING)],
)
def test_a_node_that_is_not_ready_is_missing(status, reason):
    found = pod_listing.parse(NODES.format(status).encode())
    assert about(pod_listing.judge(found, BOX), "svc.cluster").reason is reason


def test_namespaces_stand_before_the_names():
    text = "NAMESPACE   NAME   READY   STATUS   RESTARTS   AGE\nkube-system web-1 1/1 Running 0 4d\n"
    assert pod_listing.facts(pod_listing.parse(text.encode()))["pods"] == {"kube-system/web-1": "Running"}


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text):
    list(pod_listing.judge(pod_listing.parse((PODS.format("1/1 Running 0 4d") + text).encode()), BOX))
