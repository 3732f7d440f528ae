"""Makes this host known to a server: one-time token in, credential and pinned authority out."""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from agent.home import Credential, Home
from agent.sending.link import CONNECT_SECONDS, Link, Rejected, Unreachable, check_address
from agent.sending.sequence import Sequence
from wire.exchange import EnrollRequest


class CannotEnroll(Exception):
    """The text says what failed and what to do."""


def enroll(
    home: Home, *, server: str, token: str, host: str, ca: str = "", fingerprint: str = "", boot_id: str = ""
) -> Credential:
    """Raises CannotEnroll; Insecure for plain HTTP beyond loopback."""
    check_address(server)
    pem = _authority(server, ca, fingerprint)
    if pem:
        home.ca_file.write_text(pem, encoding="ascii")
    try:
        with Link(server, ca=str(home.ca_file) if pem else "") as link:
            enrolled = link.enroll(EnrollRequest(token=token, host=host, boot_id=boot_id))
    except Rejected as error:
        raise CannotEnroll(f"{server} refused the token ({error}); ask for a new one") from None
    except Unreachable as error:
        raise CannotEnroll(f"{server} gave no usable answer: {error}") from None
    credential = Credential(
        server=server.rstrip("/"), agent=enrolled.agent, credential=enrolled.credential, host=host, ca=pem
    )
    home.keep_credential(credential)
    home.spool.mkdir(mode=0o700, exist_ok=True)
    with closing(Sequence(home.spool / "sequence")) as sequence:
        sequence.raise_to(enrolled.start)
    return credential


def _authority(server: str, ca: str, fingerprint: str) -> str:
    """The PEM to pin, "" for the system's authorities."""
    if ca:
        try:
            pem = Path(ca).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise CannotEnroll(f"cannot read {ca}: {error}") from None
        if fingerprint and not _matches(ssl.PEM_cert_to_DER_cert(pem), fingerprint):
            raise CannotEnroll(f"{ca} has not the fingerprint {fingerprint}")
        return pem
    if not fingerprint:
        return ""
    if urlsplit(server).scheme != "https":
        raise CannotEnroll("a fingerprint needs an https:// server")
    for der in _shown_chain(server):
        if _matches(der, fingerprint):
            return ssl.DER_cert_to_PEM_cert(der)
    raise CannotEnroll(
        f"no certificate that {server} shows has the fingerprint {fingerprint}: do not trust it"
    )


def _shown_chain(server: str) -> list[bytes]:
    """What the server shows, trusted by nobody yet; the pinned certificate is looked for in it."""
    parts = urlsplit(server)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    address = (parts.hostname or "", parts.port or 443)
    try:
        with (
            socket.create_connection(address, CONNECT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
        ):
            return _chain(secure)
    except OSError as error:
        raise CannotEnroll(f"cannot fetch the authority from {server}: {error}") from None


def _chain(secure: ssl.SSLSocket) -> list[bytes]:
    """Public from Python 3.13 on; before, the object below has it. Without it, only the server's own."""
    below = getattr(secure, "_sslobj", None)
    shown = getattr(secure, "get_unverified_chain", None) or getattr(below, "get_unverified_chain", None)
    if shown is None:
        leaf = secure.getpeercert(binary_form=True)
        return [leaf] if leaf else []
    return [
        one if isinstance(one, bytes) else ssl.PEM_cert_to_DER_cert(one.public_bytes())
        for one in shown() or ()
    ]


def _matches(der: bytes, fingerprint: str) -> bool:
    wanted = fingerprint.lower().removeprefix("sha256:").replace(":", "")
    return hmac.compare_digest(hashlib.sha256(der).hexdigest(), wanted)
