"""One truth, one id: where a special kind of fault applies to an entity, the general kind is no candidate."""

from __future__ import annotations

from rules.inference.cause import Cause
from rules.inference.ground import Ground
from rules.inference.index import Index
from rules.models import Fault, symptoms_of
from wire.entity import Entity, kind_of


def displaced(cause: Cause, ground: Ground, index: Index) -> bool:
    """Whether a special kind takes the place of this general fault, or this special one does not show.

    A special kind that is bound to certain entities (by ``names`` or ``serves``) applies to all of them. Any
    other applies where something is seen that it produces and the general kind does not.
    """
    fault = ground.knowledge.catalogue.faults[cause.name]
    specials = ground.knowledge.specials.get(fault.id, ())
    if any(_applies(special, fault, cause.entity, ground, index) for special in specials):
        return True
    return bool(fault.is_a) and not _applies_itself(fault, cause.entity, ground, index)


def _applies(special: Fault, general: Fault, entity: Entity, ground: Ground, index: Index) -> bool:
    cause = Cause(special.id, entity)
    if ground.model(cause) is None or not ground.possible(cause):
        return False
    return bool(special.names or special.serves) or _shows(special, general, entity, ground, index)


def _applies_itself(special: Fault, entity: Entity, ground: Ground, index: Index) -> bool:
    faults = ground.knowledge.catalogue.faults
    generals = [faults[name] for name in special.is_a if name in faults]
    here = [general for general in generals if ground.model(Cause(general.id, entity)) is not None]
    if not here:
        return bool(special.names or special.serves) or _seen(special, entity, index)
    return any(_applies(special, general, entity, ground, index) for general in here)


def _seen(fault: Fault, entity: Entity, index: Index) -> bool:
    """Whether any symptom of the fault's own is seen on the entity."""
    return any(
        reading.reason in symptom.reason
        for symptom in symptoms_of(fault, kind_of(entity))
        for reading in index.failing(entity, (symptom.signal, symptom.on))
    )


def _shows(special: Fault, general: Fault, entity: Entity, ground: Ground, index: Index) -> bool:
    """Whether something is seen on the entity that the special kind produces and the general one does not."""
    peculiar = ground.knowledge.peculiar(special.id, general.id, kind_of(entity))
    return any(
        reading.reason in peculiar[look]
        for look in index.here(entity)
        if look in peculiar
        for reading in index.failing(entity, look)
    )
