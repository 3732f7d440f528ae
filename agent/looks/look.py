"""A look: one unit on one target, or a collector on its host. What rounds, state and checks are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from agent.units.finding import CollectorUnit, ProbeUnit
from wire import entity
from wire.codec import fingerprint
from wire.target import (
    DnsTarget,
    HttpTarget,
    IcmpTarget,
    LocalTarget,
    NeighbourTarget,
    RouteTarget,
    Target,
    TcpTarget,
    TlsTarget,
)

AnyUnit: TypeAlias = ProbeUnit | CollectorUnit


@dataclass(frozen=True)
class Look:
    """``target`` is None for a collector."""

    unit: AnyUnit
    target: Target | None = None
    trial: bool = False
    """Nobody asked for this target: it counts only once it has answered well."""

    @cached_property
    def source(self) -> str:
        return self.unit.name if self.target is None else f"{self.unit.name} {fingerprint(self.target)}"


def subject_of(target: Target) -> str:
    """What a probe of this target judges, for the looks that came to no judgement of their own."""
    match target:
        case IcmpTarget() | NeighbourTarget() | RouteTarget():
            return entity.address(target.address)
        case TcpTarget():
            return entity.endpoint(f"tcp://{_bracketed(target.host)}:{target.port}")
        case DnsTarget():
            return entity.resolver(target.resolver)
        case TlsTarget():
            return target.door
        case HttpTarget():
            return entity.page(target.url)
        case _:
            return target.subject


def describe(target: Target | None) -> str:
    """For people: ``tcp 10.0.0.2:443``."""
    match target:
        case None:
            return "this host"
        case IcmpTarget() | RouteTarget():
            return target.address
        case NeighbourTarget():
            return f"{target.address} on {target.interface}"
        case TcpTarget() | TlsTarget():
            return f"{_bracketed(target.host)}:{target.port}"
        case DnsTarget():
            return f"{target.resolver} for {target.name} {target.record}"
        case HttpTarget():
            return target.url
        case _:
            return target.subject if isinstance(target, LocalTarget) else entity.name_of(target.subject)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
