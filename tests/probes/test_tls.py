"""Certificates made by openssl at other times, shown by nginx."""

from __future__ import annotations

import os
import socket
import ssl
import time
from pathlib import Path

import pytest

from kernel import certificate
from probes.connections import handshake, tls
from wire.judgement import Reason, Verdict
from wire.target import TlsTarget

HERE = "DNS:localhost,IP:127.0.0.1"


@pytest.fixture
def show(authority, nginx, free_port, ask):
    """Shows one certificate and asks about it."""

    def asking(pem, host="127.0.0.1", ca=None, *, key=None, more="", listen="ssl", speaks=""):
        shown = f"ssl_certificate {pem}; ssl_certificate_key {key or pem}; {more}"
        nginx(f"server {{ listen 127.0.0.1:{free_port} {listen}; {shown} }}", free_port)
        ca_file = str(authority.certificate) if ca is None else ca
        return ask(tls, TlsTarget(host, free_port, ca_file=ca_file, speaks=speaks))

    return asking


def test_a_good_certificate_passes_with_the_days_that_are_left(authority, show):
    judged = show(authority.leaf("good", HERE, 90, "1 day ago"))
    assert judged.verdict is Verdict.PASS
    assert 88 < judged.value < 90
    assert judged.evidence["issuer"] == "Test Authority"


def test_the_name_is_checked_as_it_was_asked_for(authority, show):
    assert show(authority.leaf("named", HERE, 90, "1 day ago"), host="localhost").verdict is Verdict.PASS


def test_an_expired_certificate_is_told_with_its_dates(authority, show):
    judged = show(authority.leaf("expired", HERE, 30, "2020-01-01"))
    assert (judged.verdict, judged.reason) == (Verdict.FAIL, Reason.TLS_EXPIRED)
    assert judged.evidence["not_after"].startswith("2020-01-3")
    assert judged.value < 0


def test_one_from_the_future_is_not_yet_valid(authority, show):
    judged = show(authority.leaf("early", HERE, 90, "40 days"))
    assert judged.reason is Reason.TLS_NOT_YET_VALID
    assert judged.evidence["clock"] < judged.evidence["not_before"]


def test_another_name_is_named(authority, show):
    judged = show(authority.leaf("other", "DNS:other.lab", 90, "1 day ago"))
    assert (judged.reason, judged.evidence["names"]) == (Reason.TLS_NAME, "other.lab")


def test_a_self_signed_one_is_untrusted(authority, show):
    assert show(authority.alone("alone", HERE)).reason is Reason.TLS_UNTRUSTED


def test_one_of_an_unknown_authority_is_untrusted(authority, show):
    assert show(authority.leaf("unknown", HERE, 90, "1 day ago"), ca="").reason is Reason.TLS_UNTRUSTED


def test_what_the_system_trusts_is_read_anew_after_a_change(
    *, authority, nginx, free_port, ask, tmp_path, monkeypatch
):
    trusted = tmp_path / "trusted.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nothing"))
    pem = authority.leaf("trusted", HERE, 90, "1 day ago")
    nginx(
        f"server {{ listen 127.0.0.1:{free_port} ssl; ssl_certificate {pem}; ssl_certificate_key {pem}; }}",
        free_port,
    )
    found = []
    for at, source in ((1_000_000, authority.certificate), (2_000_000, authority.alone("else", HERE))):
        trusted.write_bytes(Path(source).read_bytes())
        os.utime(trusted, (at, at))
        found.append(ask(tls, TlsTarget("127.0.0.1", free_port)).reason)
    assert found == [Reason.OK, Reason.TLS_UNTRUSTED]


def test_expiry_outweighs_distrust(authority, show):
    assert show(authority.leaf("both", HERE, 30, "2020-01-01"), ca="").reason is Reason.TLS_EXPIRED


def test_the_last_two_weeks_are_a_warning(authority, show):
    judged = show(authority.leaf("soon", HERE, 10, "1 day ago"))
    assert (judged.verdict, judged.reason) == (Verdict.WARN, Reason.EXPIRING)


def test_a_weak_key_is_told_with_its_size(authority, show):
    """Whether OpenSSL itself refuses it depends on how it was built."""
    pem = authority.leaf("weak", HERE, 90, "1 day ago", key=("-newkey", "rsa:1024", "-nodes"))
    judged = show(pem, more="ssl_ciphers ALL:@SECLEVEL=0;")
    assert (judged.reason, judged.evidence["key_bits"]) == (Reason.TLS_WEAK, 1024)


@pytest.mark.parametrize(("speaks", "reason"), [("h2", Reason.OK), ("acme-tls/1", Reason.TLS_PROTOCOL)])
def test_the_protocol_that_a_server_chooses_is_compared(authority, show, speaks, reason):
    pem = authority.leaf(f"alpn-{speaks[:2]}", HERE, 90, "1 day ago")
    assert show(pem, listen="ssl http2", speaks=speaks).reason is reason


@pytest.fixture
def two_servers(authority, nginx, ask):
    """One shows the whole chain, the other only its own certificate. Gives how to ask both, in this order."""
    between = authority.between("Test Intermediate")

    def asking(extensions: str = "", *, both: bool = True):
        leaf = between.leaf("far", f"{HERE}{extensions}", 90, "1 day ago")
        whole = authority.folder / "whole.pem"
        whole.write_text(leaf.read_text() + between.certificate.read_text())
        ports, blocks = [], ""
        for pem in (whole, leaf):
            with socket.socket() as sock:
                sock.bind(("127.0.0.1", 0))
                ports.append(sock.getsockname()[1])
            pair = f"ssl_certificate {pem}; ssl_certificate_key {pem};"
            blocks += f"server {{ listen 127.0.0.1:{ports[-1]} ssl; {pair} }}\n"
        nginx(blocks, ports[-1])
        ca = str(authority.certificate)
        return [ask(tls, TlsTarget("127.0.0.1", port, ca_file=ca)) for port in ports[0 if both else 1 :]]

    return asking


def test_a_chain_without_a_link_that_was_seen_elsewhere_is_incomplete(two_servers):
    well, ill = two_servers()
    assert (well.verdict, ill.reason) == (Verdict.PASS, Reason.TLS_INCOMPLETE)


def test_a_chain_without_a_link_that_nobody_saw_is_untrusted(two_servers):
    (ill,) = two_servers(both=False)
    assert (ill.reason, ill.evidence["chain"]) == (Reason.TLS_UNTRUSTED, 1)


def test_a_lone_certificate_that_tells_where_its_issuer_is_found_is_incomplete(two_servers):
    (ill,) = two_servers("\nauthorityInfoAccess=caIssuers;URI:http://ca.lab/ca.crt", both=False)
    assert ill.reason is Reason.TLS_INCOMPLETE


def test_a_key_of_another_certificate_is_told_from_a_protocol_of_another_time():
    reasons = []
    for said in ("BAD_SIGNATURE", "TLSV1_ALERT_DECRYPT_ERROR", "NO_PROTOCOLS_AVAILABLE"):
        error = ssl.SSLError()
        error.reason = said
        reasons.append(handshake._broken(error).reason)
    assert reasons == [Reason.TLS_KEY, Reason.TLS_KEY, Reason.TLS_PROTOCOL]


def test_an_old_protocol_is_told(authority, show):
    more = "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;"
    assert show(authority.leaf("old", HERE, 90, "1 day ago"), more=more).reason is Reason.TLS_PROTOCOL


def test_a_key_of_another_kind_is_told_from_a_protocol_of_another_time(authority, show):
    """nginx starts with such a pair, and has then nothing to show."""
    elliptic = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    pem = authority.leaf("elliptic", HERE, 90, "1 day ago", key=elliptic)
    other = authority.leaf("other-kind", HERE, 90, "1 day ago", key=("-newkey", "rsa:2048", "-nodes"))
    assert show(pem, key=other, more="ssl_protocols TLSv1.2 TLSv1.3;").reason is Reason.TLS_KEY


def test_a_cipher_of_another_time_is_no_key_of_another_kind(authority, show):
    more = "ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA256;"
    elliptic = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    pem = authority.leaf("no-cipher", HERE, 90, "1 day ago", key=elliptic)
    assert show(pem, more=more).reason is Reason.TLS_PROTOCOL


def test_a_plain_server_is_no_tls(nginx, free_port, ask):
    nginx(f"server {{ listen 127.0.0.1:{free_port}; }}", free_port)
    assert ask(tls, TlsTarget("127.0.0.1", free_port)).reason is Reason.TLS_PROTOCOL


def test_a_closed_port_never_speaks_against_the_certificate(ask, free_port):
    assert ask(tls, TlsTarget("127.0.0.1", free_port)).reason is Reason.REFUSED


def test_a_server_that_never_answers_the_handshake_is_told_apart_from_one_that_is_slow_to_answer(ask):
    with socket.create_server(("127.0.0.1", 0)) as server:
        judged = ask(tls, TlsTarget("127.0.0.1", server.getsockname()[1]))
    assert judged.reason is Reason.TLS_TIMEOUT


def test_a_star_stands_for_one_label():
    now = time.time()
    shown = certificate.Certificate(now, now, ("*.lab",), "", "")
    assert [shown.covers(name) for name in ("a.lab", "A.LAB", "a.b.lab", "lab")] == [True, True, False, False]


@pytest.mark.parametrize(
    "der", [b"", b"\x30", b"\x30\x80", b"\x30\x03\x02\x01\x05", b"\x30\x84\xff\xff\xff\xff"]
)
def test_what_is_no_certificate_is_a_value_error(der):
    with pytest.raises(ValueError, match=r".+"):
        certificate.parse(der)
