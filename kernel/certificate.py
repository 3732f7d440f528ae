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
    return Certificate(begin, end, names or ((common,) if common else ()), _shown(subject), _shown(issuer))


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
