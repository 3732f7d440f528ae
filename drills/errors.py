"""What can go wrong with a drill, apart from the product being wrong."""

from __future__ import annotations


class LabError(RuntimeError):
    """The lab could not be built or used; the text says what was being done and what failed."""


class NotPossible(RuntimeError):
    """A harm that this kernel or machine cannot do; the drill is reported as not run, with this reason."""


class PrefixTaken(LabError):
    """Another lab has that name: no run of this one can take place."""
