"""The topology over HTTP: what leans on what, how that is known, and when it was last seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from litestar import get

from rules.graph import Edge, Group
from rules.topology.picture import Picture, picture
from server.parts import Parts
from wire.entity import host_of


@get("/api/v1/topology", summary="What leans on what, with source and age")
async def get_topology(parts: Parts) -> Picture:
    """An edge runs from what leans to what bears."""
    edges, groups = await asyncio.wrap_future(parts.diagnosis.ask(lambda: _known(parts)))
    return await asyncio.to_thread(picture, edges, groups, _seen(parts), parts.now())


def _known(parts: Parts) -> tuple[list[Edge], list[Group]]:
    """In the diagnosis thread, whose picture it is; nothing but copied there."""
    graph = parts.pipeline.topology.graph
    return list(graph.edges()), list(graph.groups.values())


def _seen(parts: Parts) -> Callable[[Edge], float]:
    """What an agent's latest inventory holds stands as long as the agent is heard."""
    heard = {presence.host: presence.last_heard for presence in parts.current.presences()}
    told = {inventory.host: inventory.at for inventory in parts.current.inventories()}

    def seen(edge: Edge) -> float:
        host = host_of(edge.child)
        stands = edge.source != "declared" and edge.at and edge.at == told.get(host)
        return max(edge.at, heard.get(host, 0.0)) if stands else edge.at

    return seen


ROUTES = [get_topology]
