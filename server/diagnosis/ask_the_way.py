"""Where a failing look took another way than its host's usual ones: is that way possible at all?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.diagnosis import Diagnosis
from server.diagnosis.probe_again import ENOUGH, Again
from server.diagnosis.standing import Standing
from wire.entity import address
from wire.inventory import Inventory

CHECK = "net.route"


def ask_the_way(
    diagnosis: Diagnosis, standing: Standing, inventories: Mapping[str, Inventory]
) -> Iterator[Again]:
    """The route to each address that was sought by way of a machine that is no gateway of the host."""
    for key in diagnosis.explains[:ENOUGH]:
        entry, inventory = standing.entries.get(key), inventories.get(key[0])
        path = entry.observation.path if entry is not None else None
        if path is None or inventory is None or not path.address or not path.gateway:
            continue
        if all(each.address != path.gateway for each in inventory.gateways):
            yield Again(CHECK, address(path.address), key[0])
