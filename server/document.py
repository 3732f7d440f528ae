"""Completes the OpenAPI document: the batch route, which no framework handles, and the error answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from server.auth.principal import Access
from server.ingest.endpoint import PATH
from wire.exchange import Ack, Batch

_ERRORS = {
    "400": "Malformed; the detail names the field",
    "401": "No valid credential",
    "403": "A valid credential that does not do here",
    "404": "Nothing is here",
    "405": "Not this method",
    "413": "Too large",
    "415": "A content type or encoding that is not known",
    "429": "Too many tries; Retry-After says when",
    "500": "A defect of the server, logged",
    "503": "Cannot be stored now; send it again later",
}
_ERROR = {
    "type": "object",
    "required": ["status_code", "detail"],
    "properties": {
        "status_code": {"type": "integer"},
        "detail": {"type": "string"},
        "extra": {},
    },
}
_ERROR_REFERENCE = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}


def complete(app: Litestar) -> dict[str, Any]:
    """The document of the framework, with what it does not know."""
    document = app.openapi_schema.to_schema()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    handlers = [each for route in app.routes if isinstance(route, HTTPRoute) for each in route.route_handlers]
    (batch, ack, *_), exact = msgspec.json.schema_components(
        [Batch, Ack, *_bodies(handlers)], ref_template="#/components/schemas/{name}"
    )
    # The decoder's own schemas say more: bounds of every number, and that unknown fields are refused.
    schemas.update(exact)
    schemas["Error"] = _ERROR
    document["paths"][PATH] = {"post": _batches(batch, ack)}
    for operations in document["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                _correct(operation["responses"])
    for path, method in _open_operations(handlers):
        document["paths"].get(path, {}).get(method, {})["security"] = []
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"bearer": []}]
    return document


def _batches(batch: dict[str, Any], ack: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": "What an agent has to say",
        "description": "Acknowledged once it is on disk. May be gzipped (Content-Encoding: gzip).",
        "operationId": "PostBatch",
        "requestBody": {"required": True, "content": {"application/json": {"schema": batch}}},
        "responses": {
            "200": {"description": "It is on disk", "content": {"application/json": {"schema": ack}}}
        },
    }


def _bodies(handlers: Iterable[HTTPRouteHandler]) -> list[type]:
    """The types of all request bodies."""
    fields = [each.parsed_data_field for each in handlers]
    found = {field.annotation for field in fields if field is not None}
    return sorted((each for each in found if isinstance(each, type)), key=lambda each: each.__name__)


def _open_operations(handlers: Iterable[HTTPRouteHandler]) -> Iterator[tuple[str, str]]:
    """(path, method) of what needs no credential, as the document names them."""
    for handler in handlers:
        if handler.opt.get("access") is Access.OPEN:
            for path in handler.paths:
                for method in handler.http_methods:
                    yield path, str(method).lower()


def _correct(responses: dict[str, Any]) -> None:
    for status, meaning in _ERRORS.items():
        responses[status] = {"description": meaning, "content": _ERROR_REFERENCE}
    for status in ("204", "303"):
        if status in responses:
            responses[status].pop("content", None)
