"""What every injector is: typed parameters, and a harm that lasts as long as its context."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import ClassVar, Literal

from drills.errors import NotPossible
from drills.lab import Lab
from drills.product import Rootward
from drills.step import Step

StageName = Literal["lab", "machine"]
"""What a drill is played on: namespaces, or a virtual machine."""


class Harm(Step, frozen=True, kw_only=True):
    """A step that harms; it knows nothing of the product."""

    stages: ClassVar[tuple[StageName, ...]]
    """Where it can be done."""


class Injector(Harm, frozen=True, kw_only=True):
    """A harm that only the lab of namespaces knows how to do."""

    stages: ClassVar[tuple[StageName, ...]] = ("lab",)

    def on(self, product: Rootward) -> AbstractContextManager[None]:
        return self.harm(lab_of(product))

    def harm(self, lab: Lab) -> AbstractContextManager[None]:
        """As ``on``, for a lab without the product."""
        raise NotImplementedError


def lab_of(product: Rootward) -> Lab:
    """Raises NotPossible where the product is not in the lab of namespaces."""
    if not isinstance(product.site, Lab):
        raise NotPossible("only the lab of namespaces can do this")
    return product.site
