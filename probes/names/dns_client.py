"""Whom is this host told to ask for names, and does that make sense? Judged while one of them answers."""

from __future__ import annotations

from msgspec.structs import replace

from probes.names.dns_checks import again, judged
from probes.names.dns_query import query
from probes.names.resolve import resolvers
from probes.steps import StepFailed, Steps
from wire.entity import host
from wire.judgement import Judgement, Path, Reason
from wire.target import DnsTarget

SIGNAL = "dns.client"
_KEPT = 256
_PATIENCE = 1.0
"""Seconds: a program waits for five before it asks the next (resolv.conf(5))."""


async def client(steps: Steps, target: DnsTarget) -> list[Judgement]:
    """Of the settings: do they still name one who answers, and is the first whom they name at work?

    A resolver is asked for an hour after the settings forgot it.
    """
    answered: dict[str, bool] = steps.net.memory.setdefault("configured", {})
    configured = resolvers(steps.net.root)
    if target.resolver in configured and len(answered) < _KEPT:
        answered[target.resolver] = True
    if not answered.get(target.resolver):
        return []
    if target.resolver not in configured:
        reason = await _without(steps, target, configured)
        return [_judged(steps, reason, configured, usual=target.resolver)]
    first = configured[0]
    # One that answered before is judged by itself: it is the one that is down, not the settings.
    if first in answered or not await _is_silent(first, steps):
        return [_judged(steps, Reason.OK, configured)]
    told = _judged(steps, Reason.TIMEOUT, configured, silent=first, answers=target.resolver)
    return [replace(told, path=Path(resolver=first))]


async def _without(steps: Steps, target: DnsTarget, configured: tuple[str, ...]) -> Reason:
    """Do those who are named instead of the usual one answer?"""
    for other in configured:
        if await again(steps, replace(target, resolver=other, port=53), ".", "NS") is not None:
            return Reason.OK
    return Reason.WRONG


async def _is_silent(resolver: str, steps: Steps) -> bool:
    """It lets everybody wait, be it for the word that nobody is there; who refuses at once costs no time."""
    try:
        await query(resolver, ".", "NS", seconds=steps.left(_PATIENCE))
    except StepFailed as failure:
        return failure.reason in (Reason.TIMEOUT, Reason.UNREACHABLE)
    return False


def _judged(steps: Steps, reason: Reason, configured: tuple[str, ...], **facts: str) -> Judgement:
    told = {"configured": ", ".join(configured), **facts}
    return judged(steps, SIGNAL, host(steps.net.host), reason, dict(told))
