"""Certificates: one that was given, or one from an authority of our own made at first start."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import gethostname

import msgspec
import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.config import Config

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
RENEW_DAYS = 30
SKEW = timedelta(hours=24)
"""Certificates begin this early: the agents' clocks are not all right."""
_ANY = frozenset(["0.0.0.0", "::"])


class Credentials(msgspec.Struct, frozen=True):
    """What the listening socket shows."""

    certificate: Path
    key: Path
    fingerprint: str
    """``sha256:…`` of our authority, which agents pin; empty for a given certificate."""


def prepare(config: Config, now: datetime) -> Credentials | None:
    """None on loopback without a given certificate. Makes or renews our own otherwise."""
    if config.certificate is not None and config.key is not None:
        return Credentials(config.certificate, config.key, "")
    if config.listen.loopback:
        return None
    folder = config.home / "tls"
    folder.mkdir(mode=0o700, exist_ok=True)
    authority, authority_key = _authority(folder, now)
    names = server_names(config)
    certificate, key = folder / "server.pem", folder / "server.key"
    if not _serves(certificate, key, names, authority, now):
        _issue(certificate, key, names, (authority, authority_key), now)
    return Credentials(certificate, key, fingerprint(authority))


def server_names(config: Config) -> tuple[str, ...]:
    """Every name and address by which an agent may call us."""
    names = {gethostname(), "localhost", *config.names}
    if config.listen.host in _ANY:
        for addresses in psutil.net_if_addrs().values():
            names |= {each.address for each in addresses if _is_address(each.address)}
    else:
        names.add(config.listen.host)
    return tuple(sorted(names))


def fingerprint(certificate: x509.Certificate) -> str:
    return f"sha256:{certificate.fingerprint(hashes.SHA256()).hex()}"


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    path, key_path = folder / "ca.pem", folder / "ca.key"
    if path.exists() and key_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key_path} is not the elliptic-curve key that this server made")
        return x509.load_pem_x509_certificate(path.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Rootward authority of {gethostname()[:40]}")])
    certificate = (
        _builder(name, name, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_path, _pem(key), 0o600)
    _write(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return certificate, key


def _issue(
    path: Path,
    key_path: Path,
    names: Iterable[str],
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    now: datetime,
) -> None:
    authority, authority_key = issuer
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rootward")])
    alternatives = [
        x509.IPAddress(ip_address(name)) if _is_address(name) else x509.DNSName(name) for name in names
    ]
    certificate = (
        _builder(subject, authority.subject, key, now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    _write(key_path, _pem(key), 0o600)
    # The chain goes along, so that an agent finds in the handshake what it pins.
    _write(path, certificate.public_bytes(encoding) + authority.public_bytes(encoding), 0o644)


def _serves(
    path: Path, key_path: Path, names: Iterable[str], authority: x509.Certificate, now: datetime
) -> bool:
    """Does the certificate at hand still do: all names, our authority, not about to expire?"""
    if not path.exists() or not key_path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    if certificate.issuer != authority.subject:
        return False
    if certificate.not_valid_after_utc < now + timedelta(days=RENEW_DAYS):
        return False
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = set(found.get_values_for_type(x509.DNSName))
    known |= {str(address) for address in found.get_values_for_type(x509.IPAddress)}
    return set(names) <= known


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def utc_now() -> datetime:
    return datetime.now(UTC)
