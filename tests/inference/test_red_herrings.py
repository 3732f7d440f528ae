"""A loud line of a log beside a fault that it has nothing to do with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rules.catalogue import Catalogue, load_catalogue
from rules.models import Relation
from wire.judgement import Reason

TO_DO_WITH_IT = frozenset(["log.unclean_boot"])
"""That its machine was started anew has to do with every service that does not run."""
LINES = sorted(
    name
    for name, signal in load_catalogue().signals.items()
    if signal.born_of_log and name not in TO_DO_WITH_IT
)


@pytest.mark.parametrize("since", [-30.0, -0.5, 1.0])
@pytest.mark.parametrize("subject", ["host:web1", "process:web1/other", "service:web1/other"])
@pytest.mark.parametrize("line", LINES)
def test_a_line_about_something_else_does_not_change_why_a_service_stopped(
    line: str, subject: str, since: float, new_world: Callable[[], object], catalogue: Catalogue
) -> None:
    world = new_world()
    world.service("web1/shop")
    world.edge("service:web1/shop", Relation.RUNS_ON, "process:web1/python3")
    world.alive()
    world.local(line, subject, next(iter(catalogue.signals[line].outcomes)), since=since)
    stopped = world.local("svc.process", "service:web1/shop", Reason.STOPPED)
    world.local("svc.port", "service:web1/shop", Reason.REFUSED)
    world.probe("net.tcp", "web2", "web1/shop", 8000, Reason.REFUSED, since=1.0)
    [root] = [each.root for each in world.infer() if stopped.id in each.root.supported_by]
    assert (root.fault, root.entity) == ("svc.process.down", "service:web1/shop")
