"""The listening services as facts for the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.services.listening import Service
from wire.inventory import Listener


def listeners(services: Iterable[Service]) -> Iterator[Listener]:
    """One for each address and port."""
    for service in services:
        for door in service.doors:
            for address in door.addresses:
                yield Listener(
                    service=service.name,
                    protocol=door.protocol,
                    address=address,
                    port=door.port,
                    process=service.process[:512],
                    pid=service.pid,
                    unit=service.unit[:512],
                )
