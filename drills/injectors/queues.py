"""A service that does not take in who calls."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from drills.injectors.injector import Injector
from drills.injectors.machine import hog, wait_for
from drills.lab import Lab
from drills.layout import BY_NAME, MachineName


class QueueIgnored(Injector, frozen=True, kw_only=True):
    """A service that listens, and takes its callers in far more slowly than they come."""

    host: MachineName
    by: MachineName
    port: int = 7000
    process: str = "ledger"

    @contextmanager
    def harm(self, lab: Lab) -> Iterator[None]:
        node, client = lab[self.host], lab[self.by]
        if not node.kill(self.process, signal.SIGUSR2):
            hog(node, "queue", self.process, str(self.port), program="traffic")
            wait_for(node, self.process)
        hog(client, "connections", "crawler", BY_NAME[self.host].address, str(self.port), "40")
        yield
        client.kill("crawler")
        node.kill(self.process, signal.SIGUSR1)  # it stays: to stop it would be another fault
