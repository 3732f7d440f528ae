"""Certificates of our own authority, and those that are given."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from server import tls
from server.config import Config, read_config

NOW = datetime.now(UTC)


def config(home: Path, listen: str = "10.20.30.40:8470", **more: str) -> Config:
    home.mkdir(exist_ok=True)
    return read_config({"ROOTWARD_HOME": str(home), "ROOTWARD_LISTEN": listen, **more})


def names_of(path: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(each.value) for each in found}


def test_loopback_needs_no_certificate(tmp_path) -> None:
    assert tls.prepare(config(tmp_path / "a", "127.0.0.1:0"), NOW) is None


def test_any_other_address_gets_one_with_its_names(tmp_path) -> None:
    made = tls.prepare(config(tmp_path / "a", ROOTWARD_NAMES="desk.example, 10.9.9.9"), NOW)
    assert made is not None
    assert {"10.20.30.40", "desk.example", "10.9.9.9", socket.gethostname()} <= names_of(made.certificate)


def test_keys_can_be_read_by_their_owner_only(tmp_path) -> None:
    made = tls.prepare(config(tmp_path / "a"), NOW)
    assert made is not None
    keys = list(made.key.parent.glob("*.key"))
    assert [path.stat().st_mode & 0o777 for path in keys] == [0o600, 0o600]


def test_a_second_start_changes_nothing(tmp_path) -> None:
    first = tls.prepare(config(tmp_path / "a"), NOW)
    assert first is not None
    shown = first.certificate.read_bytes()
    assert tls.prepare(config(tmp_path / "a"), NOW) == first
    assert first.certificate.read_bytes() == shown


def test_a_certificate_about_to_expire_is_renewed_by_the_same_authority(tmp_path) -> None:
    first = tls.prepare(config(tmp_path / "a"), NOW)
    assert first is not None
    shown = first.certificate.read_bytes()
    later = tls.prepare(config(tmp_path / "a"), NOW + timedelta(days=tls.SERVER_DAYS - tls.RENEW_DAYS + 1))
    assert later is not None
    assert later.fingerprint == first.fingerprint
    assert later.certificate.read_bytes() != shown


def test_a_new_name_gets_a_new_certificate(tmp_path) -> None:
    tls.prepare(config(tmp_path / "a"), NOW)
    again = tls.prepare(config(tmp_path / "a", ROOTWARD_NAMES="new.example"), NOW)
    assert again is not None
    assert "new.example" in names_of(again.certificate)


def test_with_a_given_certificate_the_server_speaks_tls_and_marks_its_cookie(launch, tmp_path) -> None:
    made = tls.prepare(config(tmp_path / "authority", ROOTWARD_NAMES="127.0.0.1"), NOW)
    assert made is not None
    (tmp_path / "home" / "tls").mkdir(parents=True)
    shutil.copy(made.certificate.parent / "ca.pem", tmp_path / "home" / "tls" / "ca.pem")
    server = launch(ROOTWARD_TLS_CERT=str(made.certificate), ROOTWARD_TLS_KEY=str(made.key))
    body = {"name": "admin", "password": server.password}
    answer = server.post("/api/v1/sign-in", json=body, headers={})
    assert (answer.status_code, server.url[:8]) == (200, "https://")
    assert "secure" in answer.headers["Set-Cookie"].lower()


def test_the_pinned_authority_is_in_the_chain_that_is_shown(tmp_path) -> None:
    made = tls.prepare(config(tmp_path / "authority"), NOW)
    assert made is not None
    shown = x509.load_pem_x509_certificates(made.certificate.read_bytes())
    assert tls.fingerprint(shown[-1]) == made.fingerprint


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
def test_beyond_loopback_an_agent_enrols_by_the_fingerprint_that_is_printed(tmp_path) -> None:
    """In a network namespace of its own; then a wrong fingerprint is refused."""
    for name in ("bad", "agent"):
        (tmp_path / f"{name}.toml").write_text(f'home = "{tmp_path}/{name}"\nhost = "web1"\n')
    script = f"""
        set -e
        ip link set lo up
        ip address add 10.20.30.40/32 dev lo
        export ROOTWARD_HOME={tmp_path}/home ROOTWARD_LISTEN=10.20.30.40:8470
        rootward="{sys.executable} -m cli.main"
        $rootward server run > {tmp_path}/out 2>&1 &
        server=$!
        trap 'kill $server; wait $server' EXIT
        for try in $(seq 2000); do [ -f $ROOTWARD_HOME/address ] && break; sleep 0.1; done
        line=$($rootward server token --host web1)
        wrong=$(echo "$line" | sed 's/sha256:..../sha256:0000/')
        {sys.executable} -m cli.main ${{wrong#rootward}} --config {tmp_path}/bad.toml && exit 9
        {sys.executable} -m cli.main ${{line#rootward}} --config {tmp_path}/agent.toml
        """
    done = subprocess.run(
        ["unshare", "--net", "bash", "-c", script], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BEGIN CERTIFICATE" in (tmp_path / "agent" / "credential.json").read_text()
