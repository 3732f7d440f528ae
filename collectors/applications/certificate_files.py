"""How long do the certificate files last that local services use? Value: days that are left."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

import msgspec

from collectors.clients.certificate_paths import paths
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from kernel.certificate import Certificate, parse
from wire.judgement import Judgement, Layer, Reason, Scalar, Verdict, unknown

CERTIFICATE = "file.certificate"
COLLECTOR = Collector(signals=(CERTIFICATE,), layer=Layer.APPLICATION, interval=300 * SECOND)
DAY = 86_400.0
SOON_DAYS = 14.0
LIMIT = 256 * 1024
PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END")


def read(host: Host) -> Iterable[Judgement]:
    for path, service in sorted(paths(host).items()):
        subject = f"file:{host.name}:{path}"
        try:
            first = certificate(host.read_bytes(path, LIMIT))
        except PermissionError as error:
            yield unknown(CERTIFICATE, subject, Reason.NOT_PERMITTED, error=str(error))
        except OSError as error:
            yield unknown(
                CERTIFICATE, subject, Reason.UNREADABLE, error=error.strerror or "", service=service
            )
        except ValueError as error:
            yield unknown(CERTIFICATE, subject, Reason.UNREADABLE, error=str(error), service=service)
        else:
            yield judge(first, subject, service, host.clock())


def certificate(content: bytes) -> Certificate:
    """The first of a file: that of the service, before those of its authorities. Raises ValueError."""
    found = PEM.search(content)
    try:
        return parse(base64.b64decode(found.group(1)) if found else content)
    except binascii.Error as error:
        raise ValueError(f"no certificate: {error}") from None


def judge(one: Certificate, subject: str, service: str, now: float) -> Judgement:
    left = (one.not_after - now) / DAY
    facts: dict[str, Scalar] = {
        "service": service,
        "common_name": one.subject[:128],
        "issuer": one.issuer[:128],
    }
    if now < one.not_before:
        return judged(CERTIFICATE, subject, Reason.TLS_NOT_YET_VALID, round(left, 1), **facts)
    if left <= 0:
        return judged(CERTIFICATE, subject, Reason.TLS_EXPIRED, round(left, 1), **facts)
    if left > SOON_DAYS:
        return judged(CERTIFICATE, subject, Reason.OK, round(left, 1), **facts)
    soon = judged(CERTIFICATE, subject, Reason.EXPIRING, round(left, 1), **facts)
    return msgspec.structs.replace(soon, verdict=Verdict.WARN)
