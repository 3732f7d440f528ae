"""Completes the OpenAPI document: the batch route, which no framework handles, and the error answers."""

from __future__ import annotations

from typing import Any

import msgspec

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


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The document of the framework, with what it does not know."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    (batch, ack), parts = msgspec.json.schema_components(
        [Batch, Ack], ref_template="#/components/schemas/{name}"
    )
    for name, schema in parts.items():
        schemas.setdefault(name, schema)
    schemas["Error"] = _ERROR
    document["paths"][PATH] = {"post": _batches(batch, ack)}
    for operations in document["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                _add_errors(operation["responses"])
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
    }
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


def _add_errors(responses: dict[str, Any]) -> None:
    for status, meaning in _ERRORS.items():
        responses[status] = {"description": meaning, "content": _ERROR_REFERENCE}
