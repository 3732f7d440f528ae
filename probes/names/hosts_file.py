"""Does the hosts file contradict the resolver? Only lines that are new since the agent runs are compared."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec.structs import replace

from probes.names.dns_query import query, texts
from probes.names.resolve import hosts_lines, resolvers
from probes.steps import StepFailed, Steps
from wire.entity import host as host_entity
from wire.judgement import Judgement, Reason, Verdict
from wire.target import DnsTarget

SIGNAL = "dns.hosts"
MOST = 8
"""New names that are compared."""
SECONDS = 0.5


async def hosts_file(steps: Steps, target: DnsTarget) -> list[Judgement]:
    """What was there from the beginning is meant so; what appears later, and contradicts, is a mistake."""
    if target.resolver not in resolvers(steps.net.root)[:1]:
        return []
    said = set(_said(steps.net.root))
    usual: set[tuple[str, str]] = steps.net.memory.setdefault("hosts", said)
    found = Judgement(signal=SIGNAL, subject=host_entity(steps.net.host), verdict=Verdict.PASS)
    for address, name in sorted(said - usual)[:MOST]:
        kind = "AAAA" if ":" in address else "A"
        try:
            answer = await query(target.resolver, name, kind, port=target.port, seconds=steps.left(SECONDS))
        except StepFailed:
            return []  # it could not be found out
        answers = texts(answer, kind)
        if answers and address not in answers:
            evidence = {"name": name, "hosts_file": address, "resolver": ", ".join(answers)[:512]}
            return [replace(found, verdict=Verdict.FAIL, reason=Reason.WRONG, evidence=evidence)]
    return [found]


def _said(root: str) -> Iterator[tuple[str, str]]:
    """(address, name); what this host calls itself is nobody else's business."""
    for address, *names in hosts_lines(root):
        try:
            known = ip_address(address)
        except ValueError:
            continue
        if not known.is_loopback:
            yield from ((str(known), name.rstrip(".").lower()) for name in names)
