"""Does this resolver answer, and is what it says about this name right?"""

from __future__ import annotations

from ipaddress import ip_address

import dns.message
import dns.rcode

from probes.names.dns_checks import signature, zone
from probes.names.dns_client import client
from probes.names.dns_query import query, texts
from probes.names.hosts_file import hosts_file
from probes.packets.next_hop import silent
from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from wire.entity import record as record_entity
from wire.entity import resolver as resolver_entity
from wire.judgement import Judgement, Layer, Reason, Scalar, Verdict
from wire.target import DnsTarget

PROBE = Probe(
    signals=("net.dns", "net.dns_record", "dns.tcp", "dns.zone", "dns.dnssec", "dns.client", "dns.hosts"),
    layer=Layer.NETWORK,
    target=DnsTarget,
    interval=15 * SECOND,
    timeout=5 * SECOND,
)
SLOW = 0.5
"""Seconds beyond which an answer counts as slow: a visitor waits for several names."""
_PATIENCE = 3.6
_ANSWERED = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


async def ask(target: DnsTarget, net: Net) -> list[Judgement]:
    """Judges the resolver (value: seconds) and, when it answered, the record (``.`` is none), its zone and
    its signature.
    """
    signal = "dns.tcp" if target.over == "tcp" else "net.dns"
    steps = Steps(signal, resolver_entity(target.resolver), net, _PATIENCE)
    steps.evidence.update(name=target.name, record=target.record)
    try:
        answer = await _answer(steps, target)
    except StepFailed as failure:
        return [steps.failed(failure)]
    steps.evidence["rcode"] = dns.rcode.to_text(answer.rcode())
    took = steps.elapsed()
    signed = await signature(steps, target, answer)
    gone = await zone(steps, target, answer)
    told = [*await client(steps, target), *await hosts_file(steps, target)]
    if answer.rcode() not in _ANSWERED and not _explained(signed, gone):
        return [steps.failed(StepFailed(Reason.STATUS), took), *told]
    judged = steps.warned(Reason.SLOW, took) if took > SLOW else steps.passed(took)
    found = [judged, *signed, *gone, *told]
    if target.name == "." or answer.rcode() not in _ANSWERED or (target.record == "SOA" and gone):
        return found
    return [*found, _record(target, answer, judged)]


async def _answer(steps: Steps, target: DnsTarget) -> dns.message.Message:
    way = steps.go(target.resolver, target.port)
    try:
        with steps.step("answer"):
            return await query(
                target.resolver,
                target.name,
                target.record,
                port=target.port,
                seconds=steps.left(),
                over_tcp=target.over == "tcp",
                signed=target.signed,
            )
    except StepFailed as failure:
        if failure.reason is Reason.TIMEOUT and (why := await silent(steps.ways, way)):
            raise StepFailed(Reason.UNREACHABLE, neighbour=why) from None
        raise


def _explained(signed: list[Judgement], gone: list[Judgement]) -> bool:
    """A bad signature or a lost zone is nothing that the resolver itself does wrong."""
    return any(each.verdict is Verdict.FAIL for each in (*signed, *gone))


def _record(target: DnsTarget, answer: dns.message.Message, server: Judgement) -> Judgement:
    found = texts(answer, target.record)
    wanted = {value.rstrip(".").lower() for value in target.expect}
    evidence: dict[str, Scalar] = {
        "answer": ", ".join(found)[:512],
        "record": target.record,
        "rcode": server.evidence["rcode"],
    }
    if wanted:
        evidence["expect"] = ", ".join(sorted(wanted))[:512]
    reason = Reason.OK
    if not found:
        reason = Reason.MISSING
    elif wanted:
        # A balancing server may give only some of its addresses.
        reason = Reason.OK if wanted.issuperset(found) else Reason.WRONG
    elif target.record in ("A", "AAAA") and all(_leads_nowhere(target, each) for each in found):
        reason = Reason.WRONG
    return Judgement(
        signal="net.dns_record",
        subject=record_entity(target.name, target.resolver),
        verdict=Verdict.FAIL if reason is not Reason.OK else Verdict.PASS,
        reason=reason,
        evidence=evidence,
        path=server.path,
    )


def _leads_nowhere(target: DnsTarget, answer: str) -> bool:
    """To nobody, or each caller to itself: so answer block lists."""
    address = ip_address(answer)
    local = (
        target.name.strip(".").rpartition(".")[2] == "localhost" or ip_address(target.resolver).is_loopback
    )
    return address.is_unspecified or (address.is_loopback and not local)
