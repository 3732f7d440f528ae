"""What else an answer of a resolver is looked at for: is its zone still there, and is it validly signed?"""

from __future__ import annotations

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from probes.names.dns_query import query, texts
from probes.steps import StepFailed, Steps
from wire.entity import Entity
from wire.entity import record as record_entity
from wire.entity import zone as zone_entity
from wire.judgement import Judgement, Reason, Scalar, Verdict
from wire.target import DnsTarget

_KEPT = 256
_GONE = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.REFUSED, dns.rcode.NOTAUTH)
"""Without a SOA, these say that there is no such zone."""


async def signature(steps: Steps, target: DnsTarget, answer: dns.message.Message) -> list[Judgement]:
    """A resolver that validates hides what is badly signed behind SERVFAIL (RFC 4035, 5.5)."""
    subject = record_entity(target.name, target.resolver)
    if answer.rcode() == dns.rcode.SERVFAIL:
        hidden = await again(steps, target, target.name, target.record, unchecked=True)
        if hidden is not None and hidden.rcode() == dns.rcode.NOERROR and hidden.answer:
            evidence: dict[str, Scalar] = {"unchecked": ", ".join(texts(hidden, target.record))[:512]}
            return [judged(steps, "dns.dnssec", subject, Reason.WRONG, evidence)]
    if not target.signed or answer.rcode() != dns.rcode.NOERROR:
        return []
    validated = bool(answer.flags & dns.flags.AD)
    has_signature = any(group.rdtype == dns.rdatatype.RRSIG for group in answer.answer)
    return [
        judged(
            steps,
            "dns.dnssec",
            subject,
            Reason.OK if validated else Reason.MISSING,
            {"validated": validated, "signature": has_signature},
        )
    ]


async def zone(steps: Steps, target: DnsTarget, answer: dns.message.Message) -> list[Judgement]:
    """Of the zone that was asked for by its SOA, or that a name is in, if the resolver ever had it."""
    if target.record == "SOA":
        return _zone(steps, target, target.name, answer)
    name = _parent(target.name)
    if not name or target.over == "tcp":
        return []
    known: dict[str, bool] = steps.net.memory.setdefault("zones", {})
    key = f"{name}@{target.resolver}"
    if answer.rcode() == dns.rcode.NOERROR and answer.answer:
        if key not in known and len(known) < _KEPT:
            soa = await again(steps, target, name, "SOA")
            known[key] = soa is not None and bool(texts(soa, "SOA"))
        return _zone(steps, target, name, None) if known.get(key) else []
    soa = await again(steps, target, name, "SOA") if known.get(key) else None
    return _zone(steps, target, name, soa) if soa else []


def _zone(steps: Steps, target: DnsTarget, name: str, soa: dns.message.Message | None) -> list[Judgement]:
    """``soa`` is None where an answer from the zone itself shows that it is there."""
    subject = zone_entity(name, target.resolver)
    if soa is None or texts(soa, "SOA"):
        return [judged(steps, "dns.zone", subject, Reason.OK, {})]
    if soa.rcode() not in _GONE:
        return []  # it could not be found out
    rcode = dns.rcode.to_text(soa.rcode())
    return [judged(steps, "dns.zone", subject, Reason.MISSING, {"rcode": rcode})]


async def again(
    steps: Steps, target: DnsTarget, name: str, record: str, *, unchecked: bool = False
) -> dns.message.Message | None:
    """A further question to the same resolver; None where it does not answer."""
    try:
        return await query(
            target.resolver, name, record, port=target.port, seconds=steps.left(1.0), unchecked=unchecked
        )
    except StepFailed:
        return None


def _parent(name: str) -> str:
    """``shop.lab`` → ``lab``; a name of one label has none that is worth asking for."""
    try:
        labels = dns.name.from_text(name)
    except dns.exception.DNSException:
        return ""
    return labels.parent().to_text(omit_final_dot=True) if len(labels) > 2 else ""


def judged(
    steps: Steps, signal: str, subject: Entity, reason: Reason, evidence: dict[str, Scalar]
) -> Judgement:
    return Judgement(
        signal=signal,
        subject=subject,
        verdict=Verdict.PASS if reason is Reason.OK else Verdict.FAIL,
        reason=reason,
        evidence=evidence,
        path=steps.path,
    )
