"""What a program says when it tests its own configuration: the real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.host import Host
from collectors.services import configurations
from collectors.services.configurations import ENDED_LATELY, judge, read
from collectors.services.configurations import test_of as command_for
from tests.applications.conftest import free_port
from tests.waiting import soon
from wire.judgement import Judgement, Reason

Take = Callable[[Path, str], list[Reason]]

HOST = Host("box")
NGINX = "pid {place}/pid;\nerror_log {place}/log;\nevents {{}}\nhttp {{ access_log off; {more} }}\n"


APACHE = (
    "LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so\n"
    "LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n"
    "ServerName box\nListen 127.0.0.1:8099\nErrorLog {place}/log\n{more}\n"
)


def said(program: str, argv: tuple[str, ...], *, ended: bool = False) -> list[Judgement]:
    if shutil.which(program, path="/usr/sbin:/usr/bin") is None:
        pytest.skip(f"{program} is not installed")
    return list(judge(HOST, program, HOST.run(argv, timeout=60.0), ended=ended))


def answers(program: str, option: str, file: Path, *, ended: bool = False) -> list[Reason]:
    return [each.reason for each in said(program, command_for(program, [option, str(file)]), ended=ended)]


def nginx(place: Path, more: str, *, ended: bool = False) -> list[Reason]:
    file = place / "nginx.conf"
    file.write_text(NGINX.format(place=place, more=more))
    return answers("nginx", "-c", file, ended=ended)


def written(option: str, program: str) -> Callable[[Path, str], list[Reason]]:
    def take(place: Path, text: str) -> list[Reason]:
        file = place / f"{program}.conf"
        file.write_text(text)
        return answers(program, option, file)

    return take


dnsmasq, haproxy, unbound = written("-C", "dnsmasq"), written("-f", "haproxy"), written("-c", "unbound")


def sshd(place: Path, text: str) -> list[Reason]:
    key = place / "key"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    return written("-f", "sshd")(place, f"HostKey {key}\n{text}\n")


def apache(place: Path, more: str) -> list[Judgement]:
    """As ``apachectl`` calls it; that only takes the file of the system."""
    file = place / "apache.conf"
    file.write_text(APACHE.format(place=place, more=more))
    return said("apache2", ("apache2", "-t", "-f", str(file)))


LISTEN = "frontend shop\n mode tcp\n bind 127.0.0.1:8099\n timeout client 1s\n"
WELL = [
    (nginx, ""),
    (dnsmasq, "no-resolv\n"),
    (haproxy, LISTEN),
    (unbound, 'server:\n port: 5353\n chroot: ""\n auto-trust-anchor-file: ""\n'),
]
ILL = [
    (nginx, "proxy_cash_path /tmp;"),
    (dnsmasq, "no-resolve-at-all\n"),
    (haproxy, LISTEN + " defaultbackend x\n"),
    (haproxy, LISTEN.replace("8099", "80990")),
    (haproxy, LISTEN.replace("1s", "1q")),
    (unbound, "server:\n no-such-word: yes\n"),
    (unbound, "server:\n do-ip4: perhaps\n"),
    (unbound, "server:\n num-threads: many\n"),
    (sshd, "Prot 22"),
    (sshd, "Port many"),
    (sshd, "Port"),
    (sshd, "PermitRootLogin perhaps"),
]


@pytest.mark.parametrize(("take", "text"), WELL)
def test_a_configuration_that_can_be_used_passes(tmp_path: Path, take: Take, text: str) -> None:
    assert take(tmp_path, text) == [Reason.OK]


@pytest.mark.parametrize(("take", "text"), ILL)
def test_what_only_an_edit_mends_is_wrong(tmp_path: Path, take: Take, text: str) -> None:
    assert take(tmp_path, text) == [Reason.WRONG]


@pytest.mark.root
def test_a_configuration_of_sshd_that_can_be_used_passes(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    Path("/run/sshd").mkdir(exist_ok=True)
    assert sshd(tmp_path, "Port 22") == [Reason.OK]


def test_apache_is_told_with_what_it_does_not_understand(tmp_path: Path) -> None:
    assert [one.reason for one in apache(tmp_path, "")] == [Reason.OK]
    (one,) = apache(tmp_path, "Lissten 80")
    assert one.reason is Reason.WRONG
    assert "Invalid command 'Lissten'" in str(one.evidence["line"])
    (one,) = apache(tmp_path, "<Directory />")
    assert one.reason is Reason.WRONG


SSL = "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\nSSLEngine on\n"


def test_a_key_that_is_not_there_for_us_is_no_mistake_of_the_file(tmp_path: Path) -> None:
    assert (
        apache(tmp_path, f"{SSL}SSLCertificateFile {tmp_path}/apache.conf\nSSLCertificateKeyFile /no/key")
        == []
    )


def paired(place: Path, *, key_of: str) -> str:
    """A certificate, and the key of one of two, as a server of nginx names them."""
    elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    for name in ("one", "two"):
        files = ["-keyout", place / f"{name}.key", "-out", place / f"{name}.pem"]
        argv = ["openssl", "req", "-x509", *elliptic, "-nodes", "-subj", f"/CN={name}", *files]
        subprocess.run(argv, check=True, capture_output=True)
    pair = f"ssl_certificate {place}/one.pem; ssl_certificate_key {place}/{key_of}.key;"
    return f"server {{ listen 127.0.0.1:8099 ssl; {pair} }}"


def test_a_key_that_does_not_fit_its_certificate_is_wrong(tmp_path: Path) -> None:
    assert nginx(tmp_path, paired(tmp_path, key_of="one")) == [Reason.OK]
    assert nginx(tmp_path, paired(tmp_path, key_of="two")) == [Reason.WRONG]


@pytest.mark.parametrize(("ended", "found"), [(False, []), (True, [Reason.WRONG])])
def test_a_file_that_is_not_there_is_why_a_service_that_ended_does_not_come_up(
    tmp_path: Path, ended: bool, found: list[Reason]
) -> None:
    assert nginx(tmp_path, f"include {tmp_path}/not-there.conf;", ended=ended) == found


def test_a_missing_bracket_is_wrong(tmp_path: Path) -> None:
    assert nginx(tmp_path, "server {") == [Reason.WRONG]


def test_a_name_that_does_not_resolve_is_no_mistake_of_the_file(tmp_path: Path) -> None:
    assert nginx(tmp_path, "upstream a { server no-such-host.invalid:80; }") == []


def test_a_file_that_may_not_be_read_tells_nothing(tmp_path: Path) -> None:
    assert answers("nginx", "-c", tmp_path / "not-there.conf") == []


def test_the_file_that_a_program_was_started_with_is_the_one_that_is_tested() -> None:
    said = "master process /usr/sbin/haproxy -Ws -f /etc/other.cfg -p /run/haproxy.pid"
    assert command_for("nginx", ["master", "process", "nginx", "-g", "daemon", "off;"]) == (
        "nginx",
        "-t",
        "-q",
    )
    assert command_for("haproxy", ["-Ws", "-f", "/etc/other.cfg"])[-2:] == ("-f", "/etc/other.cfg")
    assert command_for("unbound", ["-d", "-c", "/etc/other.conf"]) == ("unbound-checkconf", "/etc/other.conf")
    assert command_for("apache2", ["-f", "/etc/other.conf"]) == ()
    assert command_for("haproxy", said.split()) == ()
    assert command_for("postgres", []) == ()


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="nginx is not installed")
def test_a_service_that_ended_is_asked_whether_it_would_take_its_configuration(tmp_path, monkeypatch):
    later = [0.0]
    host = Host("box", ticks=lambda: 60.0 * time.monotonic() + later[0])
    file = tmp_path / "nginx.conf"
    door = f"server {{ listen 127.0.0.1:{free_port()}; }}"
    file.write_text(NGINX.format(place=tmp_path, more=door))

    server = subprocess.Popen(["/usr/sbin/nginx", "-c", file, "-g", "daemon off;"])
    every = configurations.local_services  # others may run here, too
    monkeypatch.setattr(
        configurations, "local_services", lambda host: [one for one in every(host) if one.pid == server.pid]
    )

    def found() -> list[Reason]:
        return [each.reason for each in read(host)]

    try:
        assert soon(lambda: found() == [Reason.OK])
    finally:
        server.terminate()
        server.wait(60)
    file.write_text("worker_processes many;\n")
    assert found() == [Reason.WRONG]
    later[0] = ENDED_LATELY + 1.0
    assert found() == []
