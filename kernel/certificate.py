"""Reads from a certificate what judging it needs: dates, names, issuer (X.509, RFC 5280; DER, X.690)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

from kernel.ber import OCTETS, OID, items

_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_EXTENSIONS, _DNS_NAME, _IP_NAME = 0xA3, 0x82, 0x87
_VERSION = 0xA0
_CA_ISSUERS = b"\x2b\x06\x01\x05\x05\x07\x30\x02"
_RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
_CURVE = b"\x2a\x86\x48\xce\x3d\x02\x01"
_WEAK_RSA, _WEAK_CURVE, _NO_RSA = 2048, 224, 522
"""No curve in use has more bits than 521, no RSA key so few."""
_ALTERNATIVE_NAMES, _COMMON_NAME, _ORGANISATION = b"\x55\x1d\x11", b"\x55\x04\x03", b"\x55\x04\x0a"


@dataclass(frozen=True)
class Certificate:
    not_before: float
    not_after: float
    """Seconds since the epoch."""
    names: tuple[str, ...]
    """DNS names and addresses it is valid for; the common name when it lists none."""
    subject: str
    issuer: str
    key_bits: int = 0
    """Of RSA keys and those on elliptic curves; 0 for others."""
    tells_issuer: bool = False
    """It says where the certificate of its issuer is found (RFC 5280, 4.2.2.1)."""

    @property
    def weak(self) -> bool:
        """A key that is no longer held to be safe (NIST SP 800-57, 112 bits)."""
        return 0 < self.key_bits < (_WEAK_CURVE if self.key_bits < _NO_RSA else _WEAK_RSA)

    def covers(self, name: str) -> bool:
        """RFC 6125: a star stands for one whole left-most label."""
        wanted = name.rstrip(".").lower()
        parent = wanted.partition(".")[2]
        return any(
            own == wanted or (parent and own.startswith("*.") and own[2:] == parent) for own in self.names
        )


def parse(der: bytes) -> Certificate:
    """Raises ValueError for what is no certificate."""
    try:
        ((_, body),) = items(der)
        fields = list(items(next(items(body))[1]))
        fields = fields[1:] if fields[0][0] == _VERSION else fields
        issuer, subject = _name(fields[2][1]), _name(fields[4][1])
        begin, end = (_moment(kind, value) for kind, value in items(fields[3][1]))
        names = tuple(
            name for kind, value in fields[6:] if kind == _EXTENSIONS for name in _alternative(value)
        )
    except (IndexError, StopIteration, RecursionError, UnicodeDecodeError) as error:
        raise ValueError("not a certificate") from error
    common = _common(subject).lower()
    return Certificate(
        not_before=begin,
        not_after=end,
        names=names or ((common,) if common else ()),
        subject=_shown(subject),
        issuer=_shown(issuer),
        key_bits=_key_bits(fields[5][1]),
        tells_issuer=_CA_ISSUERS in body,
    )


def _key_bits(info: bytes) -> int:
    """Of SubjectPublicKeyInfo. Raises ValueError, IndexError."""
    (_, algorithm), (_, bits) = items(info)
    kind = next(items(algorithm))[1]
    if kind == _RSA:
        modulus = next(items(next(items(bits[1:]))[1]))[1]
        return int.from_bytes(modulus, "big").bit_length()
    return (len(bits) - 2) // 2 * 8 if kind == _CURVE and bits[1:2] == b"\x04" else 0


def _moment(kind: int, value: bytes) -> float:
    text = value.decode("ascii")
    if kind == _UTC_TIME:  # RFC 5280, 4.1.2.5.1: years 50–99 are 19xx
        text = ("19" if text[:2] >= "50" else "20") + text
    elif kind != _GENERALIZED_TIME:
        raise ValueError("not a time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _name(data: bytes) -> dict[bytes, str]:
    parts: dict[bytes, str] = {}
    for _, group in items(data):
        for _, pair in items(group):
            (_, oid), (_, value) = items(pair)
            parts[oid] = value.decode("utf-8", "replace")
    return parts


def _common(name: dict[bytes, str]) -> str:
    return name.get(_COMMON_NAME, "")


def _shown(name: dict[bytes, str]) -> str:
    return _common(name) or name.get(_ORGANISATION, "")


def _alternative(data: bytes) -> Iterator[str]:
    for _, extensions in items(data):
        for _, extension in items(extensions):
            parts = list(items(extension))
            if parts[0] != (OID, _ALTERNATIVE_NAMES) or parts[-1][0] != OCTETS:
                continue
            for _, names in items(parts[-1][1]):
                for kind, value in items(names):
                    if kind == _DNS_NAME:
                        yield value.decode("ascii").lower()
                    elif kind == _IP_NAME and len(value) in (4, 16):
                        yield str(ip_address(value))
