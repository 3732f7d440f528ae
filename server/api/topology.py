"""The topology over HTTP: what leans on what, how that is known, and when it was last seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Response

from rules.graph import Edge, Group
from rules.topology.exported import dot, graphml
from rules.topology.picture import picture
from server.parts import Parts
from wire.codec import encode
from wire.entity import host_of

Form = Literal["json", "graphml", "dot"]
MEDIA = {"json": "application/json", "graphml": "application/graphml+xml", "dot": "text/vnd.graphviz"}


@get("/api/v1/topology", summary="What leans on what, with source and age")
async def get_topology(
    parts: Parts, form: Annotated[Form, QueryParameter(name="format")] = "json"
) -> Response[bytes]:
    """JSON, GraphML, or DOT for Graphviz. An edge runs from what leans to what bears."""
    edges, groups = await asyncio.wrap_future(parts.pipeline.ask(lambda: _known(parts)))
    return Response(await asyncio.to_thread(_written, parts, edges, groups, form), media_type=MEDIA[form])


def _known(parts: Parts) -> tuple[list[Edge], list[Group]]:
    """In the diagnosis thread, whose picture it is; nothing but copied there."""
    graph = parts.pipeline.topology.graph
    return list(graph.edges()), list(graph.groups.values())


def _written(parts: Parts, edges: list[Edge], groups: list[Group], form: Form) -> bytes:
    shown = picture(edges, groups, _seen(parts), parts.now())
    if form == "graphml":
        return graphml(shown).encode()
    return dot(shown).encode() if form == "dot" else encode(shown)


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
