"""What the machine's owner declares: files to be written, licences, plugins, certificates."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config import BadConfig, load
from agent.options import host_options
from collectors.applications import certificate_files, freshness, licence, plugins
from collectors.clients import certificate_paths
from collectors.clients.declared import Fresh, Licence, Plugin, declared
from collectors.host import Host
from tests.applications.conftest import by_signal, machine, needs
from wire.judgement import Reason, Verdict


def only(unit, host):
    [one] = by_signal(unit, list(unit.read(host))).values()
    return one


# --- files that must be written


def test_a_backup_written_in_time_passes(tmp_path):
    (tmp_path / "shop.dump").write_text("data")
    one = only(freshness, machine(fresh=(Fresh(path=str(tmp_path / "shop.dump"), service="backup"),)))
    assert (one.verdict, one.subject) == (Verdict.PASS, "service:box/backup")


def test_of_many_backups_the_newest_counts(tmp_path):
    for days in (0, 3, 9):
        file = tmp_path / f"shop-{days}.dump"
        file.write_text("data")
        os.utime(file, (time.time() - days * 86400,) * 2)
    wanted = Fresh(path=f"{tmp_path}/shop-*.dump", max_age=7200.0)
    assert only(freshness, machine(fresh=(wanted,))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("age", "content", "reason"),
    [(3 * 86400, "data", Reason.OVERDUE), (0, "", Reason.WRONG), (0, None, Reason.MISSING)],
)
def test_an_old_an_empty_and_a_missing_backup_are_told_apart(tmp_path, age, content, reason):
    file = tmp_path / "shop.dump"
    if content is not None:
        file.write_text(content)
        os.utime(file, (time.time() - age,) * 2)
    one = only(freshness, machine(fresh=(Fresh(path=str(file)),)))
    assert (one.reason, one.subject) == (reason, f"file:box:{file}")


# --- licences


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Product: X\nExpires: 2099-12-31\n", Reason.OK),
        ("valid until 20200101\n", Reason.OVERDUE),
        ("FEATURE vendor 1.0 issued=1-jan-2019\nEXPIRATION 31-dec-2020\n", Reason.OVERDUE),
    ],
)
def test_the_end_is_found_in_a_licence_file(tmp_path, text, reason):
    file = tmp_path / "licence"
    file.write_text(text)
    assert only(licence, machine(licence=(Licence(service="x", path=str(file)),))).reason is reason


def test_a_licence_that_ends_soon_warns():
    soon = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 5 * 86400))
    one = only(licence, machine(licence=(Licence(service="x", ends=soon),)))
    assert (one.verdict, one.reason) == (Verdict.WARN, Reason.EXPIRING)


def test_a_licence_without_a_readable_end_is_unknown(tmp_path):
    file = tmp_path / "licence"
    file.write_text("a secret signature and nothing else")
    one = only(licence, machine(licence=(Licence(service="x", path=str(file)),)))
    assert one.verdict is Verdict.UNKNOWN


@given(st.text(max_size=200))
def test_no_licence_text_breaks_the_reader(text):
    with contextlib.suppress(ValueError):
        licence.end_in("expires " + text)


# --- plugins


@pytest.mark.parametrize(
    ("code", "verdict", "reason"),
    [
        (0, Verdict.PASS, Reason.OK),
        (1, Verdict.WARN, Reason.HIGH),
        (2, Verdict.FAIL, Reason.ERRORS),
        (3, Verdict.UNKNOWN, Reason.UNREADABLE),
        (139, Verdict.UNKNOWN, Reason.UNREADABLE),
    ],
)
def test_a_plugin_is_judged_by_its_exit_code(code, verdict, reason):
    said = f"echo \"DISK - 3 GB free | /=2643MB;5948;5958;0;5968 '/my home'=69%\"; exit {code}"
    one = only(plugins, machine(plugin=(Plugin(name="disk", argv=("/bin/sh", "-c", said), service="shop"),)))
    assert one.subject == "service:box/shop"
    assert (one.verdict, one.reason) == (verdict, reason)
    assert (one.evidence["said"], one.evidence["perf_/my home"]) == ("DISK - 3 GB free", "69%")


def test_a_plugin_that_is_not_there_and_one_that_hangs_are_unknown():
    gone = only(plugins, machine(plugin=(Plugin(name="x", argv=("/nowhere/check_x",)),)))
    late = only(plugins, machine(plugin=(Plugin(name="x", argv=("/bin/sleep", "9"), timeout=0.2),)))
    assert (gone.reason, late.reason) == (Reason.TOOL_MISSING, Reason.DEADLINE)


@given(st.text(max_size=300))
def test_no_output_breaks_the_reader_of_plugins(text):
    plugins.output(text)


# --- certificate files


@pytest.fixture
def certificate(tmp_path):
    def make(*when: str):
        needs("faketime")
        file = tmp_path / "cert.pem"
        argv = ["faketime", when[0], needs("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{tmp_path}/key", "-out", str(file),
                "-subj", "/CN=box", "-days", when[1]]  # fmt: skip
        subprocess.run(argv, check=True, capture_output=True)
        return file

    return make


def of_file(file):
    host = machine(certificates=(str(file),))
    return [one for one in certificate_files.read(host) if one.subject.endswith(str(file))]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (("1 day ago", "90"), Reason.OK),
        (("80 days ago", "90"), Reason.EXPIRING),
        (("90 days ago", "30"), Reason.TLS_EXPIRED),
        (("+ 9 days", "90"), Reason.TLS_NOT_YET_VALID),
    ],
)
def test_a_certificate_file_is_judged_by_its_dates(certificate, when, reason):
    file = certificate(*when)
    found = of_file(file)
    assert [one.reason for one in by_signal(certificate_files, found).values()] == [reason]


def test_a_file_that_is_no_certificate_is_unknown(tmp_path):
    file = tmp_path / "cert.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    found = of_file(file)
    assert [one.verdict for one in found] == [Verdict.UNKNOWN]


def test_certificates_are_found_where_a_program_is_told_of_them(tmp_path):
    (tmp_path / "etc/postgresql/15/main").mkdir(parents=True)
    (tmp_path / "etc/postgresql/15/main/postgresql.conf").write_text(
        "#ssl_cert_file = '/etc/ssl/old.pem'\nssl = on\nssl_cert_file = '/etc/ssl/shop.pem'\n"
    )
    naming = next(one for one in certificate_paths.NAMINGS if "postgres" in one.programs)
    assert list(certificate_paths._named(Host("box", str(tmp_path)), naming)) == ["/etc/ssl/shop.pem"]


# --- the configuration


def test_all_of_it_comes_from_the_agents_file(tmp_path):
    file = tmp_path / "agent.toml"
    file.write_text(
        '[[applications.login]]\nservice = "redis-server"\nsecret_file = "/etc/rootward/redis"\n'
        '[[applications.metrics]]\nurl = "http://127.0.0.1:9104/metrics"\n'
        'expect = [{ id = "a", metric = ["m"], above = 3.0 }]\n'
        '[[applications.plugin]]\nname = "disk"\nargv = ["/usr/lib/nagios/plugins/check_disk", "-w", "10%"]\n'
    )
    found = declared(Host("box", options=host_options(load(file))))
    assert (found.login[0].service, found.metrics[0].expect[0].above, found.plugin[0].name) == (
        "redis-server",
        3.0,
        "disk",
    )


def test_an_unknown_key_is_named(tmp_path):
    file = tmp_path / "agent.toml"
    file.write_text('[[applications.login]]\nservice = "x"\npassword = "hush"\n')
    with pytest.raises(BadConfig, match="password"):
        load(file)


def test_nothing_declared_is_nothing_to_look_at():
    host = Host("box")
    assert msgspec.structs.asdict(declared(host)) == msgspec.structs.asdict(declared(machine()))
    assert [*freshness.read(host), *licence.read(host), *plugins.read(host)] == []
