"""What the replies of one address say: alive, lossy, slow, or which step was in the way."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from probes.errors import NetworkError, reason_of_icmp
from probes.path import Way
from wire.entity import address as address_entity
from wire.judgement import JITTER, Judgement, Reason, Scalar, Verdict

SLOW, SLOWER_BY, SLOWER_TIMES = 0.5, 0.03, 4.0
"""Slow is half a second, or four times the best round trip known and 30 ms more than it."""
_LEARNT = 3
_LASTING = 4
_NANO = 1e-9


class Replies(NamedTuple):
    """Counts of one round; its shortest round trip and the mean change from one to the next, nanoseconds."""

    sent: int
    received: int
    repeated: int
    best: int
    jitter: int
    error: NetworkError | None


@dataclass(slots=True)
class Past:
    """What earlier rounds saw of one address."""

    lost: int = 0
    """One bit per echo, the newest lowest; set where it was lost."""
    best: float = 0.0
    rounds: int = 0
    lossy: bool = False
    """Some were lost last time: ten in a row must get through before all is well."""
    slow: int = 0
    """Rounds in a row that were slow."""
    told_slow: bool = False
    """That they stay slow was said, so that it will be said when they no longer are."""


def judge(way: Way, replies: Replies, past: Past) -> Judgement:
    """Of an address that answered. Value: best round trip in seconds."""
    lost = replies.sent - replies.received
    past.lost = (past.lost << replies.sent | (1 << lost) - 1) & 0xFFFFFFFF
    rtt = replies.best * _NANO
    evidence: dict[str, Scalar] = {}
    if replies.received > 1:
        evidence[JITTER] = round(replies.jitter / 1e6, 3)
    if lost or replies.repeated:
        evidence |= {"sent": replies.sent, "lost": lost, "repeated": replies.repeated}
    if lost and past.lost.bit_count() > 1:  # one lost echo in the last 32 is nobody's fault
        past.lossy = True
        verdict = Verdict.FAIL if lost * 2 >= replies.sent else Verdict.WARN
        return _judgement(way, verdict, Reason.LOSS, rtt, evidence)
    past.lossy = False
    usual = past.best
    if rtt > SLOW or (past.rounds >= _LEARNT and rtt > max(usual * SLOWER_TIMES, usual + SLOWER_BY)):
        evidence |= {"rtt_ms": round(rtt * 1000, 3), "usual_ms": round(usual * 1000, 3)}
        return _judgement(way, Verdict.WARN, Reason.SLOW, rtt, evidence)
    # The best ever seen, forgotten by one per cent a round, so that a moved machine becomes usual again.
    past.best = min(usual * 1.01, rtt) if past.rounds else rtt
    past.rounds += 1
    return _judgement(way, Verdict.PASS, Reason.OK, rtt, evidence)


def lasting(judged: Judgement, past: Past) -> list[Judgement]:
    """Of round trips that stay long: one slow round is soon forgotten, four in a row are no chance."""
    if judged.reason is Reason.SLOW:
        past.slow += 1
    elif judged.verdict is Verdict.PASS:
        past.slow = 0
    stays = past.slow >= _LASTING
    if not stays and not past.told_slow:
        return []
    past.told_slow = True
    verdict, reason = (Verdict.WARN, Reason.SLOW) if stays else (Verdict.PASS, Reason.OK)
    return [msgspec.structs.replace(judged, signal="net.latency", verdict=verdict, reason=reason)]


def silent(way: Way, replies: Replies, past: Past, dead: str) -> Judgement:
    """Of an address without any reply. ``dead``: what shows that the next hop is silent, or ""."""
    past.lost = (past.lost << replies.sent | (1 << replies.sent) - 1) & 0xFFFFFFFF
    evidence: dict[str, Scalar] = {"sent": replies.sent, "lost": replies.sent}
    reason = Reason.TIMEOUT
    if replies.error:
        family = socket.AF_INET6 if ":" in way.path.address else socket.AF_INET
        reason = reason_of_icmp(replies.error, family, port_is_refusal=False) or Reason.TIMEOUT
        evidence |= replies.error.evidence()
    elif dead:
        reason = Reason.UNREACHABLE
        evidence["neighbour"] = dead
    verdict = Verdict.UNKNOWN if reason is Reason.INTERNAL else Verdict.FAIL
    return _judgement(way, verdict, reason, None, evidence)


def blocked(way: Way, reason: Reason, why: str) -> Judgement:
    """There is no way out of this host."""
    return _judgement(way, Verdict.FAIL, reason, None, {"error": why})


def _judgement(
    way: Way, verdict: Verdict, reason: Reason, value: float | None, evidence: dict[str, Scalar]
) -> Judgement:
    return Judgement(
        signal="net.icmp",
        subject=address_entity(way.path.address),
        verdict=verdict,
        reason=reason,
        value=value,
        evidence=evidence,
        path=way.path,
    )
