"""The TLS step: one verified handshake; when it fails, what was shown and why that is not good."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from kernel.certificate import Certificate, parse
from kernel.rtnetlink import family_of
from probes.connections.chain import lacks_link, remember, shown_chain
from probes.connections.talk import SecureTalk
from probes.steps import StepFailed, Steps
from wire.judgement import Reason, Scalar

_EXPIRED, _NOT_YET = 10, 9
_NO_ISSUER = (20, 21)
_WEAK = (66, 67, 68)
_NAMES = (62, 63, 64)
"""X509_V_ERR_… of openssl/x509_vfy.h; 62–64 are host, email and address mismatch, 20 and 21 an issuer that
is not at hand, 66–68 keys and digests that OpenSSL holds to be too weak."""
_BAD_KEY = (
    "BAD_SIGNATURE",
    "DECRYPT_ERROR",
    "WRONG_SIGNATURE_TYPE",
    "BAD_DH_VALUE",
    "SIGNATURE_FOR_NON_SIGNING",
)
"""What OpenSSL says of a server whose key does not belong to the certificate that it shows."""
DAY = 86400.0


@dataclass(frozen=True)
class Secured:
    talk: SecureTalk
    certificate: Certificate
    protocol: str


async def secure(
    steps: Steps, sock: socket.socket, server_name: str, ca_file: str, speaks: str = ""
) -> Secured:
    """Takes the socket over. Raises StepFailed: tls_*, reset."""
    try:
        context = _trusting(ca_file, _changed(ca_file), speaks)
    except OSError as error:
        sock.close()
        raise StepFailed(
            Reason.TLS_UNTRUSTED, step="tls", error=f"{ca_file}: {error.strerror or error}"
        ) from None
    with steps.step("tls"):
        try:
            talk = await _shake(sock, context, server_name, steps.left())
        except ssl.SSLCertVerificationError as error:
            raise await _untrusted(steps, server_name, error) from None
        except TimeoutError:
            raise StepFailed(Reason.TLS_TIMEOUT, step="tls", error="no answer to the handshake") from None
        except ssl.SSLError as error:
            raise _broken(error, keyless=await _keyless(steps, server_name, error)) from None
    remember(shown_chain(talk.session), steps.net)
    try:
        shown = parse(talk.session.getpeercert(binary_form=True) or b"")
    except ValueError as error:
        talk.close()
        raise StepFailed(Reason.TLS_PROTOCOL, step="tls", error=f"no certificate: {error}") from None
    return Secured(talk, shown, talk.session.version() or "")


def described(shown: Certificate, now: float) -> dict[str, Scalar]:
    """What a report says of a certificate."""
    return {
        "not_before": _date(shown.not_before),
        "not_after": _date(shown.not_after),
        "clock": _date(now),
        "days_left": round((shown.not_after - now) / DAY, 1),
        "names": ", ".join(shown.names)[:256],
        "issuer": shown.issuer[:128],
        "key_bits": shown.key_bits,
    }


async def _shake(
    sock: socket.socket, context: ssl.SSLContext, server_name: str, seconds: float
) -> SecureTalk:
    """Closes the socket where the handshake fails or is broken off."""
    try:
        talk = SecureTalk(sock, context, server_name)
        async with asyncio.timeout(seconds):
            await talk.shake()
    except BaseException:
        sock.close()
        raise
    return talk


async def _untrusted(steps: Steps, server_name: str, error: ssl.SSLCertVerificationError) -> StepFailed:
    """Looks at the refused certificate: OpenSSL names the first thing wrong, people want the worst."""
    chain = await _show(steps, server_name)
    shown = chain[0] if chain else None
    evidence: dict[str, Scalar] = {"step": "tls", "error": error.verify_message, "chain": len(chain)}
    now = steps.net.clock()
    if shown:
        evidence |= described(shown, now)
    if error.verify_code == _EXPIRED or (shown and shown.not_after < now):
        return StepFailed(Reason.TLS_EXPIRED, **evidence)
    if error.verify_code == _NOT_YET or (shown and shown.not_before > now):
        return StepFailed(Reason.TLS_NOT_YET_VALID, **evidence)
    if error.verify_code in _NAMES or (shown and not shown.covers(server_name)):
        return StepFailed(Reason.TLS_NAME, wanted=server_name, **evidence)
    if error.verify_code in _WEAK:
        return StepFailed(Reason.TLS_WEAK, **evidence)
    if error.verify_code in _NO_ISSUER and lacks_link(chain, steps.net):
        return StepFailed(Reason.TLS_INCOMPLETE, **evidence)
    return StepFailed(Reason.TLS_UNTRUSTED, **evidence)


def _broken(error: ssl.SSLError, *, keyless: bool = False) -> StepFailed:
    said = error.reason or str(error)
    bad_key = keyless or any(word in said for word in _BAD_KEY)
    return StepFailed(Reason.TLS_KEY if bad_key else Reason.TLS_PROTOCOL, step="tls", error=said)


async def _keyless(steps: Steps, server_name: str, error: ssl.SSLError) -> bool:
    """A server that speaks TLS 1.3 and finds no way to go on has no certificate with a key that signs for it.

    The few ciphers of TLS 1.3 are common to all (RFC 8446, 9.1), and a client answers for itself only later;
    a server that does not speak it says so with another alert.
    """
    if not _refused(error):
        return False
    try:
        (await _again(steps, server_name, _unverified(ssl.TLSVersion.TLSv1_3))).close()
    except (OSError, ValueError) as again:
        return _refused(again)
    return False


def _refused(error: Exception) -> bool:
    """By the alert (40) of a server that finds no way to go on."""
    return isinstance(error, ssl.SSLError) and "HANDSHAKE_FAILURE" in (error.reason or "")


async def _show(steps: Steps, server_name: str) -> list[Certificate]:
    """Empty when it is not shown again."""
    try:
        talk = await _again(steps, server_name, _unverified())
    except (OSError, ValueError):
        return []
    try:
        der = talk.session.getpeercert(binary_form=True)
        return shown_chain(talk.session) or ([parse(der)] if der else [])
    except ValueError:
        return []
    finally:
        talk.close()


async def _again(steps: Steps, server_name: str, context: ssl.SSLContext) -> SecureTalk:
    """A second handshake with the same address. Raises OSError, ValueError."""
    sock = socket.socket(family_of(steps.path.address), socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        async with asyncio.timeout(steps.left()):
            await asyncio.get_running_loop().sock_connect(sock, (steps.path.address, steps.path.port))
    except BaseException:
        sock.close()
        raise
    return await _shake(sock, context, server_name, steps.left())


def _changed(ca_file: str) -> float:
    """When what is trusted was written; 0 where the system has no one file of it."""
    trusted = ca_file or ssl.get_default_verify_paths().cafile
    return Path(trusted).stat().st_mtime if trusted else 0.0


@lru_cache(maxsize=16)
def _trusting(ca_file: str, _changed_at: float, speaks: str) -> ssl.SSLContext:
    """Shared: loading the system's certificates costs 20 ms and a megabyte. Read anew after a change."""
    context = ssl.create_default_context(cafile=ca_file or None)
    if speaks:
        context.set_alpn_protocols([speaks, "http/1.1"])
    return context


@lru_cache
def _unverified(oldest: ssl.TLSVersion = ssl.TLSVersion.MINIMUM_SUPPORTED) -> ssl.SSLContext:
    """Only to see what is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = oldest
    return context


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
