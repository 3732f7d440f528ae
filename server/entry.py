"""What stands now and what a batch changed, with times on the server's clock."""

from __future__ import annotations

import msgspec

from wire.entity import Entity
from wire.exchange import Heartbeat, Refusal
from wire.inventory import Inventory
from wire.judgement import Verdict
from wire.observation import Observation, observation_id

Key = tuple[str, Entity]
"""(signal, subject)"""
PASS = Verdict.PASS


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One result that stands. Never changed: a fresh confirmation makes a new entry."""

    host: str
    observation: Observation
    """As the agent said it, by the agent's clock."""
    since: float
    confirmed_at: float
    opposite_at: float | None
    clock_error: float
    """Bound of what is not known of the agent's clock, seconds."""
    clamped: float = 0.0
    """Seconds by which its time lay in the future, and was moved back to the moment of receipt."""

    @property
    def id(self) -> str:
        return observation_id(self.host, self.observation.seq)

    @property
    def key(self) -> Key:
        return (self.observation.signal, self.observation.subject)

    def continues(self, before: Entry) -> bool:
        """Is this just another result of the passing run that is known already, by the same way?"""
        seen, was = self.observation, before.observation
        return (
            seen.verdict is PASS
            and was.verdict is PASS
            and self.since <= before.confirmed_at
            and seen.path == was.path
            and seen.intermittent == was.intermittent
            and not seen.task
        )


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What one batch changed."""

    agent: str
    host: str
    received_at: float
    changed: tuple[Entry, ...] = ()
    """What says something new, in the order of their sequences; one key may occur twice.

    A pass that only continues a known run of passes is not among them: nearly all are of that kind, and
    who wants to know how fresh such a run is asks the current state.
    """
    results: int = 0
    """All that were new to us, those that continue a run included."""
    symptoms: bool = False
    """Some of what changed warns or fails."""
    clamped: int = 0
    """Changed results whose time lay in the future."""
    retired: tuple[Entry, ...] = ()
    """Results that no longer stand, because their subject is no longer looked at."""
    gone: bool = False
    """The host was taken out of the site: nothing of it stands any longer."""
    inventory: Inventory | None = None
    heartbeat: Heartbeat | None = None
    goodbye: str = ""
    rebooted: bool = False
    """The boot id differs from the one before."""
    clock_moved: bool = False
    """What is known of the agent's clock has changed by more than a slow delivery explains."""
    returned: bool = False
    """The agent had been silent too long, or had said goodbye, before this batch."""
    refusals: tuple[Refusal, ...] = ()
    resync: bool = False
    """The agent's digest differs from ours: it should send its whole state."""
    want_inventory: bool = False

    @property
    def tells(self) -> bool:
        """Is there anything in it that diagnosis must see?"""
        return bool(
            self.changed
            or self.retired
            or self.gone
            or self.inventory is not None
            or self.refusals
            or self.goodbye
            or self.rebooted
            or self.clock_moved
            or self.returned
        )


class Presence(msgspec.Struct, frozen=True):
    """When an agent was last heard, and by when it must be heard again."""

    agent: str
    host: str
    boot: str
    last_heard: float
    overdue_at: float
    goodbye: str
    behind: float | None = None
    """Seconds by which its clock is behind the server's; None while that is not known."""
    clock_error: float = 0.0
