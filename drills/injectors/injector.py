"""What every injector is: typed parameters, and a harm that lasts as long as its context."""

from __future__ import annotations

from contextlib import AbstractContextManager

from drills.lab import Lab
from drills.product import Rootward
from drills.step import Step


class Injector(Step, frozen=True, kw_only=True):
    """A step that harms the lab; it knows nothing of the product."""

    def on(self, product: Rootward) -> AbstractContextManager[None]:
        return self.harm(product.lab)

    def harm(self, lab: Lab) -> AbstractContextManager[None]:
        """As ``on``, for a lab without the product."""
        raise NotImplementedError
