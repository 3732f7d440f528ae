"""Management controllers asked by Redfish, over real HTTPS."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collectors.clients import redfish_service
from collectors.clients.declared import OPTION, Declared, Login, Redfish
from collectors.clients.redfish_service import links
from collectors.hardware import bmc_redfish, bmc_sensors
from collectors.host import Host
from tests.collectors.conftest import about
from tests.collectors.controller import (
    BAD,
    PASSWORD,
    ROOT,
    USER,
    Controller,
    certificate,
    fingerprint,
    link,
    resource,
)
from wire.judgement import Judgement, Reason, Verdict

RECORDED = Path(__file__).parents[3] / "shared/data/command_outputs/command_outputs.jsonl"
POWER, DRIVE = f"{ROOT}Chassis/1/Power", f"{ROOT}Systems/1/Storage/1/Drives/1"


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> Path:
    return certificate(tmp_path_factory.mktemp("controller"), "bmc")


@pytest.fixture
def controller(shown):
    with Controller(shown) as made:
        yield made


@pytest.fixture
def host(tmp_path, shown, controller):
    """This machine, whose owner declares the controller: by its certificate, unless told otherwise."""

    def declared(*, password: str = PASSWORD, **how: Any) -> Host:
        secret = tmp_path / "secret"
        secret.write_text(password)
        secret.chmod(0o600)
        trust = {} if "ca_file" in how else {"fingerprint": fingerprint(shown)}
        target = Redfish(**({"url": controller.url, "login": "bmc"} | trust | how))
        login = Login(service="bmc", user=USER, secret_file=str(secret))
        return Host(
            "box",
            options={OPTION: json.dumps(msgspec.to_builtins(Declared(redfish=(target,), login=(login,))))},
        )

    return declared


def told(host: Host) -> list[Judgement]:
    return list(bmc_redfish.read(host))


def reasons(host: Host) -> dict[str, Reason]:
    return {one.signal: one.reason for one in told(host)}


WELL = dict.fromkeys(("bmc.temperature", "bmc.fan", "bmc.power", "bmc.health", "raid.disk"), Reason.OK)


def test_a_machine_that_is_well_passes_in_every_part(host):
    assert reasons(host()) == WELL
    assert {one.subject for one in told(host())} == {"chassis:box", "disk:box/Drive"}


def test_a_power_supply_that_failed_is_critical(host, controller):
    controller.documents[POWER]["PowerSupplies"][1]["Status"] = BAD
    found = about(told(host()), "bmc.power")
    assert (found.reason, found.evidence["found"]) == (Reason.CRITICAL, "PS 2 Enabled")


def test_a_drive_that_will_fail_is_told(host, controller):
    controller.documents[DRIVE]["FailurePredicted"] = True
    assert reasons(host()) == WELL | {"raid.disk": Reason.ERRORS}


def test_a_machine_without_an_agent_is_told_of_by_its_own_name(host):
    assert {one.subject for one in told(host(host="esx1"))} == {"chassis:esx1", "disk:esx1/Drive"}


def only(host: Host) -> Judgement:
    (found,) = told(host)
    assert (found.signal, found.verdict) == ("bmc.health", Verdict.UNKNOWN)
    assert PASSWORD not in repr(found)
    return found


def test_one_that_shows_another_certificate_is_asked_nothing_and_its_own_is_told(host, controller, shown):
    found = only(host(fingerprint="ab" * 32))
    assert found.reason is Reason.NOT_PERMITTED
    assert fingerprint(shown) in found.evidence["grant"]
    assert controller.seen == []


def test_one_whose_authority_is_declared_is_asked(host, shown):
    assert reasons(host(ca_file=str(shown))) == WELL


@pytest.mark.parametrize("whose", ["another", ""])
def test_one_that_nobody_vouches_for_is_asked_nothing(host, controller, tmp_path, whose):
    found = only(host(ca_file=str(certificate(tmp_path, whose)) if whose else ""))
    assert "CERTIFICATE_VERIFY_FAILED" in found.evidence["error"]
    assert controller.seen == []


def test_a_refused_login_is_told_and_not_tried_again_at_once(host, controller):
    machine = host(password="guess")
    assert only(machine).reason is Reason.NOT_PERMITTED
    tried = len(controller.seen)
    assert only(machine).reason is Reason.NOT_PERMITTED
    assert len(controller.seen) == tried  # such controllers lock a user who guesses


def test_a_login_that_nobody_declared_is_told(host, controller):
    assert "applications.login" in only(host(login="elsewhere")).evidence["grant"]
    assert controller.seen == []


def test_one_that_never_answers_is_unknown(host, controller, monkeypatch):
    monkeypatch.setattr(redfish_service, "SECONDS", 0.2)
    controller.documents[POWER] = lambda _: controller.over.wait(60)
    assert "TimeoutError" in only(host()).evidence["error"]


def test_one_that_takes_longer_than_there_is_time_is_unknown_and_not_half_told(host, controller, monkeypatch):
    monkeypatch.setattr(bmc_redfish, "BUDGET", 0.0)
    assert "TimeoutError" in only(host()).evidence["error"]


@pytest.mark.parametrize("content", [b"<html>Please sign in</html>", b"[]", b""])
def test_what_is_no_redfish_is_unknown(host, controller, content):
    controller.documents[ROOT] = lambda handler: handler.reply(200, content)
    assert only(host()).reason in {Reason.NOT_SUPPORTED, Reason.UNREADABLE}


def test_nobody_behind_the_address_is_unknown(host, controller):
    machine = host()
    assert reasons(machine) == WELL
    controller.__exit__()
    assert "ConnectionRefusedError" in only(machine).evidence["error"]


def test_a_part_that_is_not_there_does_not_hide_the_others(host, controller):
    del controller.documents[DRIVE]
    controller.documents[f"{ROOT}Chassis/1/Thermal"] = lambda handler: handler.reply(500, b"")
    assert reasons(host()) == {"bmc.power": Reason.OK, "bmc.health": Reason.OK}


def test_no_answer_leads_elsewhere(host, controller):
    controller.documents[POWER] = lambda handler: handler.reply(302, b"", Location=f"{ROOT}elsewhere")
    assert "bmc.power" not in reasons(host())
    assert f"{ROOT}elsewhere" not in controller.seen


@pytest.mark.parametrize(
    "path",
    ["https://elsewhere/redfish/v1/Chassis", "//elsewhere/redfish/v1/", "/redfish/v1/../../etc", "/admin",
     "/redfish/v1/Chassis\r\nHost: elsewhere", "", 7, None],
)  # fmt: skip
def test_no_link_leads_elsewhere(path):
    assert list(links(resource("ServiceRoot", Chassis={"@odata.id": path}))) == []


def test_links_in_a_circle_end(host, controller):
    controller.documents[f"{ROOT}Chassis"]["Members"] += [link(ROOT), link(f"{ROOT}Chassis")]
    assert reasons(host()) == WELL
    assert len(controller.seen) == len(set(controller.seen))


def test_one_that_ends_the_connection_after_each_answer_is_asked_anew(host, shown):
    with Controller(shown, "HTTP/1.0") as old:
        assert reasons(host(url=old.url)) == WELL


def test_the_tool_for_the_local_controller_stands_aside(host):
    assert list(bmc_sensors.read(host())) == []


def test_a_recorded_machine_is_read_as_it_links_its_parts(host, controller):
    if not RECORDED.exists():
        pytest.skip("the recorded outputs are not here")
    for row in map(json.loads, RECORDED.read_text().splitlines()):
        if row["kind"] == "redfish" and "/hp/" in row["source"]:
            with suppress(ValueError, KeyError):  # some are broken on purpose
                content = json.loads(row["text"])
                controller.documents[content["@odata.id"]] = content
    chassis = f"{ROOT}Chassis/1"
    more = {"ThermalSubsystem": link(f"{chassis}/ThermalSubsystem")} | {
        "PowerSubsystem": link(f"{chassis}/PowerSubsystem")
    }
    controller.documents[chassis] = resource("Chassis", **more)
    controller.documents[f"{chassis}/PowerSubsystem"] = resource(
        "PowerSubsystem", PowerSupplies=link(f"{chassis}/PowerSubsystem/PowerSupplies")
    )
    controller.documents[f"{chassis}/ThermalSubsystem"] = resource(
        "ThermalSubsystem", Fans=link(f"{chassis}/ThermalSubsystem/Fans"),
        ThermalMetrics=link(f"{chassis}/ThermalSubsystem/ThermalMetrics"),
    )  # fmt: skip
    controller.documents[f"{ROOT}Systems"]["Members"] = [link(f"{ROOT}Systems/1/")]
    wanted = dict.fromkeys(("bmc.temperature", "bmc.fan", "bmc.health"), Reason.OK)
    assert reasons(host()) == wanted | {"bmc.power": Reason.HIGH}  # its supply was ill when it was recorded


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1", "https://u:p@10.0.0.1", "https://10.0.0.1/elsewhere", "file:///etc"]
)
def test_only_a_plain_https_address_can_be_declared(url):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"redfish": [{"url": url, "login": "bmc"}]}, Declared)
