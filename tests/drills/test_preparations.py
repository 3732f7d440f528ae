"""What a drill prepares is really there, and harms nobody."""

from __future__ import annotations

import pytest

from drills.injectors.machine import MemoryLeaks
from drills.injectors.preparations import BackendsPooled, CertificateRenewed, ServiceAdded
from drills.injectors.services import Revived
from drills.lab import Lab
from tests.drills.seeing import shop_works, soon

pytestmark = pytest.mark.root


def test_a_pooled_web_server_goes_on_without_one_of_its_backends(lab: Lab) -> None:
    with BackendsPooled().harm(lab):
        lab["app1"].kill("shopd")
        assert shop_works(lab, "web1")
        with Revived(host="app1", process="shopd").harm(lab):
            pass
    assert shop_works(lab, "web1")


def test_what_still_runs_is_not_started_a_second_time(lab: Lab) -> None:
    with Revived(host="app1", process="shopd").harm(lab):
        pass
    assert soon(lambda: len(lab["app1"].processes("shopd")) == 1)


def test_an_added_service_stays(lab: Lab) -> None:
    sleeper = ServiceAdded(host="web1", process="sleep", argv=("sleep", "600"))
    for _ in range(2):
        with sleeper.harm(lab):
            pass
    assert len(lab["web1"].processes("sleep")) == 1
    lab["web1"].kill("sleep")


def test_a_renewed_certificate_is_another_one_and_good(lab: Lab) -> None:
    certificate = lab["web1"].path("/etc/nginx/tls/cert.pem")
    before = certificate.read_text()
    with CertificateRenewed(host="web1").harm(lab):
        assert certificate.read_text() != before
    assert shop_works(lab, "web1")


def test_a_leaking_shop_is_killed_by_the_kernel_again_and_again(lab: Lab) -> None:
    log = lab["app2"].path("/var/log/kern.log")
    before = log.read_text().count("Killed process")
    with MemoryLeaks(host="app2").harm(lab):
        assert soon(lambda: log.read_text().count("Killed process") >= before + 2, seconds=300)
    assert shop_works(lab, "web2")
