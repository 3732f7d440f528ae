"""Is the server alive, is it ready, what are its numbers, what can be asked of it."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, get
from litestar.response import Response

from server.auth.principal import Access
from server.document import complete
from server.parts import Parts


@get("/healthz", opt={"access": Access.OPEN}, media_type=MediaType.TEXT, summary="Alive")
async def healthz() -> str:
    return "ok\n"


@get("/readyz", opt={"access": Access.OPEN}, media_type=MediaType.TEXT, summary="Ready for batches")
async def readyz(parts: Parts) -> Response[str]:
    """200 when the database can be read and the writer writes; else 503 with the reason."""
    why = parts.not_ready()
    return Response(why or "ready\n", status_code=503 if why else 200, media_type=MediaType.TEXT)


@get("/metrics", opt={"access": Access.ANY}, media_type=MediaType.TEXT, summary="Prometheus metrics")
async def metrics(parts: Parts) -> Response[bytes]:
    return Response(parts.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


@get("/openapi.json", opt={"access": Access.ANY}, include_in_schema=False)
async def openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return complete(request.app)


ROUTES = [healthz, readyz, metrics, openapi]
