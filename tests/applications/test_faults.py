"""What applications say of themselves leads to the fault that an engineer would name."""

from __future__ import annotations

import pytest

from agent.looks.discovered import found
from rules.catalogue import load_catalogue
from tests.inference.conftest import World
from wire.inventory import Inventory, Listener, Nic
from wire.judgement import Reason
from wire.target import HealthTarget


@pytest.fixture
def world():
    made = World(load_catalogue())
    made.alive()
    return made


@pytest.mark.parametrize(
    ("service", "signal", "reason", "fault"),
    [
        ("postgresql", "db.deadlocks", Reason.ERRORS, "db.deadlock"),
        ("postgresql", "db.locks", Reason.HUNG, "db.lock.blocked"),
        ("postgresql", "db.lag", Reason.SLOW, "db.replica.lag"),
        ("postgresql", "db.replication", Reason.STOPPED, "db.replica.broken"),
        ("mariadb", "db.connections", Reason.EXHAUSTED, "db.connections.exhausted"),
        ("postgresql", "db.wraparound", Reason.EXHAUSTED, "db.wraparound"),
        ("postgresql", "db.integrity", Reason.ERRORS, "db.data.damaged"),
        ("redis-server", "cache.memory", Reason.FULL, "cache.maxmemory"),
        ("redis-server", "cache.role", Reason.WRONG, "cache.role.wrong"),
        ("redis-server", "app.answer", Reason.AUTH, "cache.auth.required"),
        ("postgresql", "app.answer", Reason.AUTH, "app.credentials.wrong"),
        ("erp", "app.licence", Reason.OVERDUE, "app.licence.expired"),
        ("apache2", "app.workers", Reason.EXHAUSTED, "app.capacity.exhausted"),
        ("elasticsearch", "app.cluster", Reason.STOPPED, "app.cluster.degraded"),
        ("rabbitmq-server", "queue.consumers", Reason.MISSING, "app.queue.unconsumed"),
        ("backup-shop", "file.fresh", Reason.OVERDUE, "svc.timer.missed"),
        ("shop", "container.state", Reason.RESTARTING, "svc.crashloop"),
        ("postgresql", "app.answer", Reason.REQUEST_TIMEOUT, "svc.process.hung"),
    ],
)
def test_one_symptom_of_an_application_names_its_fault(world, service, signal, reason, fault):
    subject = world.service(f"app1/{service}")
    world.local(signal, subject, reason)
    [found_now] = world.infer()
    assert (found_now.root.fault, found_now.root.entity) == (fault, subject)


def test_an_expired_certificate_file_is_a_certificate_that_expired(world):
    subject = "file:app1:/etc/postgresql/server.pem"
    world.local("file.certificate", subject, Reason.TLS_EXPIRED)
    [found_now] = world.infer()
    assert (found_now.root.fault, found_now.root.entity) == ("tls.cert.expired", subject)


def test_a_program_of_the_jvm_is_asked_for_its_health():
    inventory = Inventory(
        host="box",
        nics=(Nic(name="eth0", addresses=("10.0.0.5/24",)),),
        listeners=(
            Listener(service="shop", process="java", address="0.0.0.0", port=8080),
            Listener(service="kafka", process="java", address="0.0.0.0", port=9092),
        ),
    )
    asked = [one.url for one in found(inventory, ()) if isinstance(one, HealthTarget)]
    assert asked == ["http://10.0.0.5:8080/actuator/health", "http://10.0.0.5:8080/q/health"]
