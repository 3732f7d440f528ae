"""Which class a fault belongs to: who repairs it, and by what kind of work."""

from __future__ import annotations

from typing import Literal

from rules.models import Fault

Domain = Literal["hardware", "software", "network", "configuration"]


def domain_of(fault: Fault) -> Domain:
    """What is repaired by editing a setting is configuration, wherever it shows."""
    return "configuration" if fault.type == "configuration" else fault.domain
