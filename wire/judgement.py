"""How one look at one thing is judged: verdict, reason, layer, and the judgement that a unit returns."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from wire.entity import Entity


class Verdict(StrEnum):
    """What a result means. Unknown is never pass."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Layer(StrEnum):
    """The layers of a round, in the order in which they are run and reported."""

    LINK = "link"
    NETWORK = "network"
    TRANSPORT = "transport"
    HOST = "host"
    HARDWARE = "hardware"
    LOG = "log"
    APPLICATION = "application"


class Reason(StrEnum):
    """Why a verdict was reached: a closed code for the step that failed.

    Members stand in the order in which the steps of a probe can fail; each signal lists the ones it
    can end in, in its own order, in ``rules/signals``.
    """

    OK = "ok"
    # the steps of a network question, in order
    CARRIER = "carrier"
    NO_ADDRESS = "no_address"
    NO_ROUTE = "no_route"
    RESOLVE = "resolve"
    UNREACHABLE = "unreachable"
    PROHIBITED = "prohibited"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    TLS_TIMEOUT = "tls_timeout"
    TLS_EXPIRED = "tls_expired"
    TLS_NOT_YET_VALID = "tls_not_yet_valid"
    TLS_NAME = "tls_name"
    TLS_INCOMPLETE = "tls_incomplete"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_WEAK = "tls_weak"
    TLS_KEY = "tls_key"
    TLS_PROTOCOL = "tls_protocol"
    AUTH = "auth"
    REQUEST_TIMEOUT = "request_timeout"
    GATEWAY = "gateway"
    """Who answers says that it got no answer itself from whom it asks."""
    STATUS = "status"
    BODY = "body"
    WRONG = "wrong"
    DUPLICATE = "duplicate"
    LOSS = "loss"
    SLOW = "slow"
    # what a host sees of itself
    MISSING = "missing"
    STOPPED = "stopped"
    DEGRADED = "degraded"
    CRITICAL = "critical"
    RESTARTING = "restarting"
    HUNG = "hung"
    FULL = "full"
    EXHAUSTED = "exhausted"
    READ_ONLY = "read_only"
    SATURATED = "saturated"
    HIGH = "high"
    ERRORS = "errors"
    FLAPPING = "flapping"
    SKEWED = "skewed"
    UNSYNCHRONISED = "unsynchronised"
    EXPIRING = "expiring"
    MATCHED = "matched"
    OVERDUE = "overdue"
    ASLEEP = "asleep"
    REBOOTED = "rebooted"
    # why nothing could be said (verdict unknown)
    NOT_PERMITTED = "not_permitted"
    NOT_SUPPORTED = "not_supported"
    TOOL_MISSING = "tool_missing"
    DEADLINE = "deadline"
    CHANGING = "changing"
    UNREADABLE = "unreadable"
    INTERNAL = "internal"


Scalar = (
    Annotated[str, msgspec.Meta(max_length=2048)]
    | Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
    | Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
    | bool
)
Evidence = Annotated[dict[Annotated[str, msgspec.Meta(max_length=64)], Scalar], msgspec.Meta(max_length=24)]
JITTER = "jitter_ms"
"""Key of evidence: mean change from one round trip to the next (RFC 3393), milliseconds."""
BY_FORM = "by_form"
"""Key of evidence: true where no signature knows the log line, so that it was only read."""
Address = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9A-Fa-f.:%\w-]*$")]


class Path(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """The local facts of the way a probe took; the server expands them to the entities exercised."""

    interface: Annotated[str, msgspec.Meta(max_length=64)] = ""
    source: Address = ""
    gateway: Address = ""
    address: Address = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    resolver: Address = ""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One judged look at one subject, as a unit returns it; the agent dates it and numbers it."""

    signal: str
    subject: Entity
    verdict: Verdict
    reason: Reason = Reason.OK
    value: float | None = None
    evidence: Evidence = {}
    path: Path | None = None
    age: float = 0.0
    """Seconds since it was so, where the unit learnt of it late."""


def passed(signal: str, subject: Entity, value: float | None = None, **evidence: Scalar) -> Judgement:
    """A look that found nothing wrong."""
    return Judgement(signal=signal, subject=subject, verdict=Verdict.PASS, value=value, evidence=evidence)


def unknown(signal: str, subject: Entity, reason: Reason, **evidence: Scalar) -> Judgement:
    """A look that could not be taken, and why."""
    return Judgement(
        signal=signal, subject=subject, verdict=Verdict.UNKNOWN, reason=reason, evidence=evidence
    )
