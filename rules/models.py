"""The shape of what rule authors write in TOML: signals, faults and states."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from wire.judgement import Layer, Reason

PRIORS = {"rare": 3e-6, "occasional": 3e-5, "common": 3e-4}
"""Probability that the fault is present on one entity at a random moment."""
STRENGTHS = {"always": 0.99, "often": 0.8, "sometimes": 0.4, "rarely": 0.1}
"""Probability that an active cause produces the symptom or the state."""
ADVICE = {
    "en": ("Look: ", "Fix: ", "Watch out: ", "Escalate: "),
    "zh": ("检查：", "处理：", "注意：", "升级："),
}
"""Commands to look, commands to fix, what to watch out for, when to escalate and to whom."""
UNMODELLED = "unmodelled."
"""So begin the ids of faults that only say where, not what."""

Probability = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Prior = Literal["rare", "occasional", "common"] | Probability
Strength = Literal["always", "often", "sometimes", "rarely"] | Probability


class Role(StrEnum):
    """How an observation exercised an entity."""

    SELF = "self"
    """What was judged, and what else it is: an endpoint is also the service that listens there."""
    HOST = "host"
    """The host that what was judged is part of."""
    PATH = "path"
    """What the packets crossed: NICs, links, segments, switches, gateways."""
    AVOIDABLE = "avoidable"
    """The same, where the network knows a way around it."""
    RESOLVER = "resolver"
    """Whoever was asked for the name."""
    FRONT = "front"
    """Who passes requests on to what was judged, where no agent watches that."""
    OBSERVER = "observer"
    """Who looked: the host and its agent."""


class State(StrEnum):
    """What a fault does to an entity, and by dependence to others. A consequence, never a root."""

    DOWN = "down"
    ERROR = "error"
    WRONG = "wrong"
    """It answers, with errors in what it says."""
    SLOW = "slow"
    STALE = "stale"
    PARTIAL = "partial"
    """Some of its work is not done: one of several that it is divided among is lost."""
    REFUSING = "refusing"
    """It turns somebody away who comes with the wrong key, and serves all others."""


class Relation(StrEnum):
    """How one entity leans on another, read from the one that leans: ``service`` RUNS_ON ``host``."""

    RUNS_ON = "runs_on"
    ATTACHED_TO = "attached_to"
    STORED_ON = "stored_on"
    BACKED_BY = "backed_by"
    DEPENDS_ON = "depends_on"
    ROUTES_VIA = "routes_via"
    RESOLVES_WITH = "resolves_with"
    SERVED_BY = "served_by"
    MEMBER_OF = "member_of"


class Onto(StrEnum):
    """To whom a fault or state brings a state: itself, its host, what it depends on, or who leans on it."""

    SELF = "self"
    HOST = "host"
    NEEDED = "needed"
    RUNS_ON = "runs_on"
    ATTACHED_TO = "attached_to"
    STORED_ON = "stored_on"
    BACKED_BY = "backed_by"
    DEPENDS_ON = "depends_on"
    ROUTES_VIA = "routes_via"
    RESOLVES_WITH = "resolves_with"
    SERVED_BY = "served_by"
    MEMBER_OF = "member_of"


class _Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a rules file."""


class Text(_Model, frozen=True, kw_only=True):
    """Words for people, in one language. ``{entity}``, ``{host}`` and ``{name}`` are filled in."""

    title: str
    summary: str = ""
    advice: str = ""
    """What an on-call engineer keeps: lines that begin with the words in ``ADVICE``."""


class Proof(_Model, frozen=True, kw_only=True):
    """A look whose pass, later than the symptom, proves that the cause is gone."""

    signal: str
    on: Literal["self", "host"] = "self"
    anew: bool = False
    """Only a pass that began after the symptom proves it: what was so all the while tells nothing."""


class Signal(_Model, frozen=True, kw_only=True):
    """One kind of observation: how it can end and how far each ending can be trusted."""

    name: str
    layer: Layer
    outcomes: dict[Reason, Probability]
    """In the order in which the steps can fail, ``pass`` left out. With each its leak: the probability, per
    look, that it appears with no modelled cause."""
    exercises: tuple[Role, ...] = (Role.SELF, Role.HOST, Role.OBSERVER)
    born_of_log: bool = False
    """No look passes by itself: the symptom stands until one of ``proof`` passes."""
    proof: tuple[Proof, ...] = ()
    event: bool = False
    """A line of a log that tells what happened, not what is: a look that passes later proves the repair, once
    there is a ticket, and does not refute that it happened."""
    context: bool = False
    """It is no evidence: a report cites what was said shortly before the onset, and nothing leans on it."""
    begins_like: str = ""
    """A signal whose steps are also its first ones: what explains an outcome there explains it here."""
    text: dict[Literal["en", "zh"], str]
    """What a failing look means, as a noun: "DNS answer"."""


class Symptom(_Model, frozen=True, kw_only=True):
    """A fault or state makes these looks end like this."""

    signal: str
    reason: tuple[Reason, ...]
    on: Role = Role.SELF
    strength: Strength = "often"
    only_some: bool = False
    """It shows in some looks of the kind, nobody knows beforehand in which: those that pass say nothing."""
    kinds: tuple[str, ...] = ()
    """Of a model of several kinds of entities, only those of these kinds show it; empty means all."""


class Effect(_Model, frozen=True, kw_only=True):
    """A fault or state brings this state to the entities that lean on it by this relation, or to itself."""

    state: State
    on: Onto
    strength: Strength = "often"
    kind: str = ""
    """Only entities of this kind; empty means all."""


class Test(_Model, frozen=True, kw_only=True):
    """A check that confirms or refutes, and what it costs in seconds."""

    check: str
    cost: float = 1.0


class Action(StrEnum):
    """The one thing to do first; a closed set, beside the prose."""

    RESTART_SERVICE = "restart_service"
    FREE_SPACE = "free_space"
    REPLACE_PART = "replace_part"
    CHECK_CABLE = "check_cable"
    CHECK_POWER = "check_power"
    FIX_CONFIGURATION = "fix_configuration"
    RENEW_CERTIFICATE = "renew_certificate"
    OPEN_FILTER = "open_filter"
    ADD_CAPACITY = "add_capacity"
    FIX_PROGRAM = "fix_program"
    RESTORE_DATA = "restore_data"
    INVESTIGATE = "investigate"
    NONE = "none"


class Fault(_Model, frozen=True, kw_only=True):
    """A kind of cause. One file each, named for the id with ``_`` for ``.``."""

    id: str
    entity: str | tuple[str, ...]
    """The kind of entity that can have it. Of several, the first one known counts: an entity that runs on,
    is served by or is attached to one of an earlier kind is no candidate."""
    names: tuple[str, ...] = ()
    """Patterns, as of file names, of the entities it applies to, by their name on their host or, as
    ``host:*``, by their whole id; empty: all."""
    not_names: tuple[str, ...] = ()
    """Patterns of the entities it does not apply to, in the same form."""
    serves: tuple[str, ...] = ()
    """It applies to what something of these kinds runs on or is served by; with ``names``, either will do."""
    unwatched: bool = False
    """It applies only where something that the entity depends on has no agent, or nothing is known of it."""
    domain: Literal["hardware", "software", "network"]
    type: Literal["hardware_fault", "software_error", "configuration", "network_fault", "capacity"]
    urgency: Literal["high", "medium", "low"]
    prior: Prior
    action: Action
    is_a: tuple[str, ...] = ()
    """More general faults: where this one applies, they are no candidates."""
    aftermath_of: tuple[str, ...] = ()
    """Faults that leave this one behind when they end; while they have a ticket it needs none of its own."""
    telling: tuple[str, ...] = ()
    """Signals of its own or of the states of its entity, or ``signal outcome`` where only that is. Where any
    are named, one must have failed before it can be a root: all else general ones show too."""
    symptoms: tuple[Symptom, ...]
    leads_to: tuple[Effect, ...] = ()
    confirm: tuple[Test, ...] = ()
    excluded_by: tuple[Symptom, ...] = ()
    """Observations that make it impossible."""
    attested_by: tuple[Symptom, ...] = ()
    """Observations, passing ones mostly, of which one must have been made since it began: they show what
    still works, without which it is no explanation."""
    routed_around: bool = False
    """The network notices and goes another way where there is one: only what must cross it fails."""
    ticket: bool = True
    """False for what needs nobody: a machine asleep."""
    text: dict[Literal["en", "zh"], Text]


class StateModel(_Model, frozen=True, kw_only=True):
    """What a state of a kind of entity shows and leads to."""

    entity: str | tuple[str, ...]
    state: State
    symptoms: tuple[Symptom, ...] = ()
    leads_to: tuple[Effect, ...] = ()


def kinds_of(entity: str | tuple[str, ...]) -> tuple[str, ...]:
    """One kind or several, as a tuple."""
    return (entity,) if isinstance(entity, str) else entity


def symptoms_of(shape: Fault | StateModel, kind: str) -> list[Symptom]:
    """What it shows where the entity that has it is of this kind."""
    return [symptom for symptom in shape.symptoms if not symptom.kinds or kind in symptom.kinds]


def probability(value: Prior | Strength) -> float:
    """The number behind a word, or the number itself."""
    if isinstance(value, str):
        return PRIORS[value] if value in PRIORS else STRENGTHS[value]
    return value
