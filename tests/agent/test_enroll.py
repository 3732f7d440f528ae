"""Enrolment: the authority is pinned, and no secret goes over an open line."""

import json
import socket
import ssl
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.enroll import CannotEnroll, enroll
from agent.sending.link import Insecure, check_address


def certificate(name, key, issuer, issuer_key, *, authority):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256())


@pytest.fixture
def tls_server(tmp_path):
    """Answers every enrolment, with a certificate of its own authority."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = certificate("authority", authority_key, None, authority_key, authority=True)
    own = certificate("server", key, authority.subject, authority_key, authority=False)
    pem = serialization.Encoding.PEM
    chain, key_file = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(own.public_bytes(pem) + authority.public_bytes(pem))
    key_file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    tokens, segments = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            tokens.append(asked["token"])
            segments.append(self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
            body = json.dumps({"agent": "a1", "credential": "secret", "at": 1.0}).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key_file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.public_bytes(pem))
    yield SimpleNamespace(
        url=f"https://127.0.0.1:{server.server_port}",
        fingerprint=f"sha256:{authority.fingerprint(hashes.SHA256()).hex()}",
        ca=str(ca),
        tokens=tokens,
        segments=segments,
    )
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_authority_is_fetched_checked_and_pinned(home, tls_server):
    made = enroll(
        home, server=tls_server.url, token="t", host="web1", fingerprint=tls_server.fingerprint.upper()[7:]
    )
    assert made.credential == "secret"
    assert home.credential() == made
    assert home.credential_file.stat().st_mode & 0o777 == 0o600
    assert "BEGIN CERTIFICATE" in home.ca_file.read_text()


def test_a_wrong_fingerprint_stops_before_the_token_is_sent(home, tls_server):
    with pytest.raises(CannotEnroll, match="do not trust"):
        enroll(home, server=tls_server.url, token="t", host="web1", fingerprint="sha256:" + "0" * 64)
    assert tls_server.tokens == []


def test_what_is_said_and_answered_fits_through_any_way(home, tls_server):
    enroll(home, server=tls_server.url, token="t", host="web1", ca=tls_server.ca)
    assert all(length <= 536 for length in tls_server.segments)
    assert tls_server.segments


@pytest.mark.root
@pytest.mark.parametrize("how", ["send", "wait"])
def test_a_way_that_is_cut_while_the_answer_is_awaited_is_given_up(tls_server, tmp_path, namespaces, how):
    namespaces.add("box")
    program = [sys.executable, "-m", "tests.agent.lost_way", str(tmp_path), how]
    assert "Connection" in namespaces.run("box", *program)


def test_an_unknown_authority_stops_before_the_token_is_sent(home, tls_server):
    with pytest.raises(CannotEnroll, match="certificate"):
        enroll(home, server=tls_server.url, token="t", host="web1")
    assert tls_server.tokens == []


def test_a_given_file_is_pinned(home, tls_server):
    assert enroll(home, server=tls_server.url, token="t", host="web1", ca=tls_server.ca).ca


@pytest.mark.parametrize(
    "address", ["http://10.0.0.1:8470", "http://rootward.lab", "ftp://127.0.0.1", "https://u:p@x", "x"]
)
def test_plain_http_beyond_loopback_and_odd_addresses_are_refused(address):
    with pytest.raises(Insecure):
        check_address(address)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8470", "http://[::1]:1", "http://localhost", "https://x"]
)
def test_loopback_and_tls_are_fine(address):
    check_address(address)
