"""Judges how a conversation with a local service went: ``app.answer``, and what may not be asked."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from collectors.host import Host
from collectors.judging import judged
from collectors.lasting import seconds
from wire.judgement import Judgement, Reason, Scalar, unknown

T = TypeVar("T")
ANSWER = "app.answer"
SLOW = 2.0
LEFT_ALONE_SECONDS = 900.0
"""One that turned us away writes so into its log: it is not bothered at each look."""
ANSWERED = "applications that answered"
MOST_REMEMBERED = 256
STARTS_WITHIN = 30.0
"""Seconds for which one that starts, stops or recovers is left to it."""


class NotPermitted(Exception):
    """The service wants to know who asks. ``grant``: how its owner lets us."""

    def __init__(self, grant: str, said: str = "") -> None:
        super().__init__(grant)
        self.grant, self.said = grant, said


class Refused(Exception):
    """It answers, but not what was asked for; the text is its own."""


class Full(Refused):
    """It takes no further connection."""


class Busy(Refused):
    """It works on one request, and serves nobody else meanwhile."""


class Changing(Exception):
    """It starts, stops or recovers just now."""


def asked(host: Host, subject: str, ask: Callable[[], T], **told: Scalar) -> tuple[T | None, Judgement]:
    """What it said, and the judgement of that it did. Value: seconds.

    What never answered us may be meant so (another protocol, TLS, a password): it is unknown, no fault.
    What answered before and does not now is one.
    """
    denials: dict[str, tuple[float, NotPermitted]] = host.memory.setdefault("denied", {})
    at, before = denials.get(subject, (0.0, None))
    if before is not None and host.ticks() - at < LEFT_ALONE_SECONDS:
        return None, _denied(host, subject, before)
    began = time.monotonic()
    try:
        said = ask()
    except NotPermitted as denied:
        if not _has_answered(host, subject):
            denials[subject] = (host.ticks(), denied)
        return None, _denied(host, subject, denied)
    except Changing as error:
        return None, _changing(host, subject, error, told)
    except Refused as error:
        reason = Reason.REQUEST_TIMEOUT if isinstance(error, Busy) else Reason.STATUS
        return None, judged(ANSWER, subject, reason, None, error=str(error), **told)
    except PermissionError as error:
        return None, unknown(ANSWER, subject, Reason.NOT_PERMITTED, error=str(error), **told)
    except (OSError, EOFError, ValueError, LookupError, struct.error, msgspec.MsgspecError) as error:
        return None, _silent(host, subject, error, told)
    took = time.monotonic() - began
    _remember(host, subject)
    seconds(host, f"{subject} changing", so=False)
    return said, judged(ANSWER, subject, Reason.SLOW if took > SLOW else Reason.OK, round(took, 3), **told)


def _changing(host: Host, subject: str, error: Changing, told: Mapping[str, Scalar]) -> Judgement:
    """One that answered and does not come to the end of its start serves nobody. Value: seconds so far."""
    took = seconds(host, f"{subject} changing", so=True)
    if took < STARTS_WITHIN or not _has_answered(host, subject):
        return unknown(ANSWER, subject, Reason.UNREADABLE, note=str(error), **told)
    return judged(ANSWER, subject, Reason.RESTARTING, round(took, 1), error=str(error), **told)


def _silent(host: Host, subject: str, error: Exception, told: Mapping[str, Scalar]) -> Judgement:
    said = f"{type(error).__name__}: {error}"[:256]
    if _has_answered(host, subject):
        return judged(ANSWER, subject, _reason(error), None, error=said, **told)
    return unknown(ANSWER, subject, Reason.NOT_SUPPORTED, error=f"never answered as expected: {said}", **told)


def _denied(host: Host, subject: str, denied: NotPermitted) -> Judgement:
    if _has_answered(host, subject):
        return judged(ANSWER, subject, Reason.AUTH, error=denied.said, grant=denied.grant)
    return unknown(ANSWER, subject, Reason.NOT_PERMITTED, error=denied.said, grant=denied.grant)


def _has_answered(host: Host, subject: str) -> bool:
    return subject in host.remembered.get(ANSWERED, ())


def _remember(host: Host, subject: str) -> None:
    """Outlives the agent, so that a restart during an outage does not unlearn."""
    known: list[str] = host.remembered.setdefault(ANSWERED, [])
    if subject not in known and len(known) < MOST_REMEMBERED:
        known.append(subject)


def _reason(error: Exception) -> Reason:
    if isinstance(error, TimeoutError):
        return Reason.REQUEST_TIMEOUT
    if isinstance(error, (ConnectionRefusedError, FileNotFoundError)):
        return Reason.REFUSED
    if isinstance(error, (ConnectionError, EOFError)):
        return Reason.RESET
    return Reason.REFUSED if isinstance(error, OSError) else Reason.BODY


def note_direct(host: Host, subject: str) -> None:
    """Asked in its own protocol: what an exporter says of it would only be the same again."""
    host.share(f"asked {subject}", value=True)


def is_direct(host: Host, subject: str) -> bool:
    return host.cached(f"asked {subject}", 300.0, lambda: False)
