"""Services that greet: sshd, an SMTP server, Dovecot, vsftpd, and what else may listen there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from probes.connections import greeting
from tests.waiting import soon
from wire.judgement import Reason, Verdict
from wire.target import GreetingTarget

DOVECOT = """
protocols = {protocol}
listen = 127.0.0.1
base_dir = {folder}/run
log_path = {folder}/log
ssl = no
{users}
service {protocol}-login {{
  inet_listener {protocol} {{
    port = {port}
  }}
  inet_listener {protocol}s {{
    port = 0
  }}
}}
"""
ANYBODY = "passdb {\n  driver = static\n}"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_sshd_greets_with_its_version(serve, ask, free_port, tmp_path, address):
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    if not Path(program).exists():
        pytest.skip("openssh-server is not installed")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    options = ("-o", f"ListenAddress=[{address}]:{free_port}", "-o", "PidFile=none", "-h", str(key))
    serve(program, "-D", "-f", "/dev/null", *options, port=free_port, address=address)
    judged = ask(greeting, GreetingTarget(address, "ssh", free_port))
    assert judged.verdict is Verdict.PASS
    assert str(judged.evidence["greeting"]).startswith("SSH-2.0-OpenSSH")
    assert {"resolve_ms", "connect_ms", "greeting_ms"} <= judged.evidence.keys()


def test_a_mail_server_greets(serve, ask, free_port):
    program = ("/usr/bin/python3", "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{free_port}")
    if subprocess.run([*program[:3], "-h"], check=False, capture_output=True).returncode:
        pytest.skip("python3-aiosmtpd is not installed")
    serve(*program, port=free_port)
    assert ask(greeting, GreetingTarget("127.0.0.1", "smtp", free_port)).verdict is Verdict.PASS


VSFTPD = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
secure_chroot_dir={folder}
max_clients=1
"""


@pytest.mark.root
def test_a_file_server_greets_until_it_is_full(serve, ask, free_port, tmp_path):
    program = shutil.which("vsftpd") or "/usr/sbin/vsftpd"
    if not Path(program).exists():
        pytest.skip("vsftpd is not installed")
    if os.geteuid() != 0:
        pytest.skip("needs root")
    settings, empty = tmp_path / "vsftpd.conf", tmp_path / "empty"
    empty.mkdir()
    settings.write_text(VSFTPD.format(port=free_port, folder=empty))
    serve(program, str(settings), port=free_port)
    target = GreetingTarget("127.0.0.1", "ftp", free_port)
    assert soon(lambda: ask(greeting, target).verdict is Verdict.PASS)
    with socket.create_connection(("127.0.0.1", free_port), 60):
        assert soon(lambda: ask(greeting, target).reason is Reason.STATUS)
    assert soon(lambda: ask(greeting, target).verdict is Verdict.PASS)


@pytest.fixture
def dovecot(serve, free_port):
    """Starts Dovecot for one protocol; without a list of users nobody can sign in. Returns its port."""
    program = shutil.which("dovecot") or "/usr/sbin/dovecot"
    if not Path(program).exists():
        pytest.skip("dovecot is not installed")

    def start(protocol: str, users: str) -> int:
        settings = DOVECOT.format(folder=folder, protocol=protocol, port=free_port, users=users)
        Path(folder, "dovecot.conf").write_text(settings)
        serve(program, "-F", "-c", f"{folder}/dovecot.conf", port=free_port)
        return free_port

    # Its sockets lie there, and their names must be short.
    with tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as folder:
        yield start


@pytest.mark.root
@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@pytest.mark.parametrize(
    ("users", "reason"), [(ANYBODY, Reason.OK), ("", Reason.STATUS)], ids=["well", "nobody"]
)
def test_a_mail_box_server_says_farewell_where_nobody_can_sign_in(dovecot, ask, protocol, users, reason):
    target = GreetingTarget("127.0.0.1", protocol, dovecot(protocol, users))
    assert soon(lambda: ask(greeting, target).reason is reason)


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("imap", b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n"),
        ("imap", b"* PREAUTH welcome back\r\n"),
        ("pop3", b"+OK Dovecot ready. <1.2.3@mail>\r\n"),
        ("ftp", b"220-Welcome\r\n220 (vsFTPd 3.0.3)\r\n"),
        ("smtp", b"220 mail.lab ESMTP Postfix\r\n"),
        ("ssh", b"Authorised use only.\r\nSSH-2.0-dropbear_2022.83\r\n"),
    ],
)
def test_a_ready_server_passes(ask, speaking, service, said):
    assert ask(greeting, GreetingTarget("127.0.0.1", service, speaking(said))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("service", "said", "reason"),
    [
        ("smtp", b"421 too many connections\r\n", Reason.STATUS),
        ("smtp", b"554 no mail for you\r\n", Reason.STATUS),
        ("imap", b"* BYE disk full\r\n", Reason.STATUS),
        ("pop3", b"-ERR shutting down\r\n", Reason.STATUS),
        ("ssh", b"Exceeded MaxStartups\r\n", Reason.STATUS),
        ("smtp", b"HTTP/1.1 400 Bad Request\r\n", Reason.WRONG),
        ("imap", b"220 wrong door\r\n", Reason.WRONG),
        ("smtp", b"x" * 10_000, Reason.WRONG),
        ("smtp", b"22", Reason.RESET),
        ("ssh", b"", Reason.RESET),
    ],
)
def test_what_is_no_good_greeting_is_told(ask, speaking, service, said, reason):
    assert ask(greeting, GreetingTarget("127.0.0.1", service, speaking(said))).reason is reason


def test_silence_is_a_request_timeout(ask, speaking):
    port = speaking(hold=True)
    assert ask(greeting, GreetingTarget("127.0.0.1", "smtp", port)).reason is Reason.REQUEST_TIMEOUT


def test_a_closed_port_is_refused_and_named_by_its_service(ask, free_port):
    judged = ask(greeting, GreetingTarget("127.0.0.1", "imap", free_port))
    assert (judged.reason, judged.subject) == (Reason.REFUSED, f"endpoint:imap://127.0.0.1:{free_port}")


def test_a_mail_server_that_will_not_serve_by_ipv6_is_told(ask, speaking):
    port = speaking(b"421 too many connections\r\n", address="::1")
    judged = ask(greeting, GreetingTarget("::1", "smtp", port))
    assert (judged.reason, judged.subject) == (Reason.STATUS, f"endpoint:smtp://[::1]:{port}")


@pytest.mark.root
@pytest.mark.parametrize(
    ("address", "reason"), [("fd99::2", Reason.REFUSED), ("fd99::77", Reason.UNREACHABLE)]
)
def test_what_the_network_says_by_ipv6(lan, address, reason):
    (judged,) = lan.ask("greeting", GreetingTarget(address, "imap"))
    assert judged.reason is reason


def test_the_usual_port_needs_no_telling():
    assert GreetingTarget("mail.lab", "imap").subject == "endpoint:imap://mail.lab"
