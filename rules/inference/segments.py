"""Segments nobody declared: machines lost together have one root, though no part they share is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice, pairwise

import msgspec

from rules.diagnosis import Certainty, Diagnosis, Hypothesis, RuledOut
from rules.graph import Graph
from rules.inference.cause import Nats, chance
from rules.inference.knowledge import Knowledge
from rules.models import Relation
from wire.entity import Entity, host, host_of, kind_of, segment

CUT = "net.switch.down"
LOST = frozenset(["host.down", "net.link.down"])
TOGETHER = 3
WITHIN = 60.0
"""Seconds between one loss and the next."""
SHARED = (Relation.ATTACHED_TO, Relation.ROUTES_VIA, Relation.MEMBER_OF)
"""What machines may have in common, the nearest first."""
NAMED = 3


def together(diagnoses: Sequence[Diagnosis], knowledge: Knowledge, graph: Graph) -> list[Diagnosis]:
    """The diagnoses, with those of machines lost together made one."""
    machines = {index: machine for index, each in enumerate(diagnoses) if (machine := _lost(each))}
    merged: dict[int, Diagnosis] = {}
    gone: set[int] = set()
    for sharing in SHARED:
        groups: dict[Entity, list[int]] = {}
        for index, machine in machines.items():
            if index not in gone:
                groups.setdefault(_shared(machine, sharing, graph), []).append(index)
        for shared, members in sorted(groups.items()):
            for spell in _spells(members, diagnoses) if shared else ():
                merged[spell[0]] = _one([diagnoses[index] for index in spell], knowledge)
                gone.update(spell)
    kept = [each for index, each in enumerate(diagnoses) if index not in gone]
    return [*kept, *merged.values()]


def _lost(diagnosis: Diagnosis) -> Entity | None:
    """The machine that it may be about as a whole; None for what is proven to be a part of it only."""
    possible = {each.fault for each in (diagnosis.root, *diagnosis.members)}
    if not possible & LOST or "agent.heartbeat" not in {key[1] for key in diagnosis.explains}:
        return None
    return host(host_of(diagnosis.entity)) if host_of(diagnosis.entity) else None


def _shared(machine: Entity, relation: Relation, graph: Graph) -> Entity:
    found = sorted(edge.parent for edge in graph.parents(machine) if edge.relation is relation)
    return found[0] if found else ""


def _spells(members: list[int], diagnoses: Sequence[Diagnosis]) -> Iterator[list[int]]:
    """Losses close to each other in time, three at least."""
    ordered = sorted(members, key=lambda index: (diagnoses[index].onset, diagnoses[index].entity))
    spell = ordered[:1]
    for before, index in pairwise(ordered):
        if diagnoses[index].onset - diagnoses[before].onset > WITHIN:
            if len(spell) >= TOGETHER:
                yield spell
            spell = []
        spell.append(index)
    if len(spell) >= TOGETHER:
        yield spell


def _one(lost: list[Diagnosis], knowledge: Knowledge) -> Diagnosis:
    """One cut in place of many losses that would have to fall together by chance."""
    machines = sorted({host_of(each.entity) for each in lost})
    place = segment("cut-" + blake2b(" ".join(machines).encode(), digest_size=4).hexdigest())
    explained = sorted({pair for each in lost for pair in zip(each.explains, each.observations, strict=True)})
    apart = sum(_prior(knowledge, each.root) for each in lost)
    prior = _prior(knowledge, Hypothesis(fault=CUT, entity=place, probability=0.0))
    probability = 1.0 / (1.0 + chance(min(0, apart - prior)))
    root = Hypothesis(
        fault=CUT,
        entity=place,
        probability=probability,
        supported_by=tuple(name for _, name in explained),
    )
    return msgspec.structs.replace(
        min(lost, key=lambda each: (each.onset, each.entity)),
        root=root,
        certainty=Certainty.LIKELY,
        probability=probability,
        members=(),
        separated_by=tuple(f"net.icmp on host:{machine}" for machine in machines[:NAMED]),
        entity=place,
        explains=tuple(key for key, _ in explained),
        observations=tuple(name for _, name in explained),
        perhaps=tuple(sorted({key for each in lost for key in each.perhaps})),
        hypotheses=(root, *(each.root for each in lost[:NAMED])),
        consequences=tuple(consequence for each in lost for consequence in each.consequences),
        ruled_out=tuple(islice(_unlike(lost), 12)),
    )


def _prior(knowledge: Knowledge, hypothesis: Hypothesis) -> Nats:
    model = knowledge.model(hypothesis.fault, kind_of(hypothesis.entity))
    return model.prior if model else 0


def _unlike(lost: Iterable[Diagnosis]) -> Iterator[RuledOut]:
    seen: set[tuple[str, Entity]] = set()
    for each in lost:
        for ruled in each.ruled_out:
            if (ruled.fault, ruled.entity) not in seen:
                seen.add((ruled.fault, ruled.entity))
                yield ruled
